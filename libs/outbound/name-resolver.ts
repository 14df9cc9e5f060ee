import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Turns a host name into all its addresses; none means that it cannot be resolved now. */
export interface NameResolver {
  resolve(hostname: string): Promise<readonly string[]>;
}

export interface SystemResolverOptions {
  /** Name servers as `address` or `address:port`; those of the system when absent. */
  readonly servers?: readonly string[];
  readonly timeoutMs?: number;
  readonly hostsFile?: string;
}

const HOSTS_FILE = process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts';
const HOSTS_FILE_MAX_AGE_MS = 10_000;
const TRIES = 2;

/**
 * Resolves with c-ares. Not with `dns.lookup`: it waits in the thread pool that password hashing fills, and a stuck
 * name server would in turn hold up the hashing. What `dns.lookup` adds, the hosts file, is read here.
 */
export class SystemResolver implements NameResolver {
  private readonly resolver: Resolver;
  private readonly timeoutMs: number;
  private readonly hostsFile: string;
  private hosts: ReadonlyMap<string, readonly string[]> = new Map();
  private hostsReadAt = Number.NEGATIVE_INFINITY;

  constructor(options: SystemResolverOptions = {}) {
    this.timeoutMs = options.timeoutMs ?? 3_000;
    this.hostsFile = options.hostsFile ?? HOSTS_FILE;
    this.resolver = new Resolver({ timeout: Math.ceil(this.timeoutMs / TRIES), tries: TRIES });
    if (options.servers !== undefined) this.resolver.setServers(options.servers);
  }

  async resolve(hostname: string): Promise<readonly string[]> {
    const name = hostname.toLowerCase().replace(/\.$/, '');
    const local = this.currentHosts().get(name);
    if (local !== undefined) return local;
    // RFC 6761 section 6.3: such names are never asked of a name server.
    if (isLocalhost(name)) return ['127.0.0.1', '::1'];
    return this.query(name);
  }

  /** Asks for both families; when one of them stays without an answer, the other's addresses are used. */
  private async query(name: string): Promise<readonly string[]> {
    const families: [readonly string[], readonly string[]] = [[], []];
    const queries = Promise.allSettled([
      this.resolver.resolve4(name).then((found) => (families[0] = found)),
      this.resolver.resolve6(name).then((found) => (families[1] = found)),
    ]);
    const timer = new AbortController();
    const timeOver = delay(this.timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([queries, timeOver]);
    timer.abort();
    return families.flat();
  }

  private currentHosts(): ReadonlyMap<string, readonly string[]> {
    const now = performance.now();
    if (now - this.hostsReadAt > HOSTS_FILE_MAX_AGE_MS) {
      this.hosts = readHosts(this.hostsFile);
      this.hostsReadAt = now;
    }
    return this.hosts;
  }
}

/** `localhost` and the names below it, which RFC 6761 keeps for the machine itself. */
export function isLocalhost(hostname: string): boolean {
  return /(^|\.)localhost\.?$/i.test(hostname);
}

/** Read synchronously: it is small, seldom read, and must not wait in the thread pool either. */
function readHosts(file: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of textOf(file).split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    // Addresses with a zone (`fe80::1%lo0`) are of one link and can be no destination.
    if (isIP(address) === 0 || address.includes('%')) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), address]);
    }
  }
  return hosts;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // A machine without a hosts file has no names in it.
  }
}
