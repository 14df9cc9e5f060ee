import type { HeaderPairs } from '#signatures';

const FORWARDED_HOSTS = ['host', 'x-forwarded-host', 'x-original-host', 'x-forwarded-server'];
const LOCAL_HOSTS = ['localhost', '127.0.0.1'];
const MOST_HOSTS = 8;
const HOST = /^[A-Za-z0-9.-]{1,255}$|^\[[0-9A-Fa-f:.]{2,64}\]$/;

interface Parts {
  readonly scheme: string;
  readonly host: string;
  /** With its colon; empty for none. */
  readonly port: string;
  /** Path and query. */
  readonly target: string;
}

/**
 * URLs that the sender may have been told instead of `told`: those that differ in one thing first. Which hosts are tried,
 * the headers say: what the sender or a proxy called this server.
 */
export function* urlVariants(
  told: string,
  headers: HeaderPairs,
  claimed: readonly string[],
): Generator<string> {
  const seen = new Set([told]);
  for (const url of allVariants(told, headers, claimed)) {
    if (seen.has(url)) continue;
    seen.add(url);
    yield url;
  }
}

function* allVariants(told: string, headers: HeaderPairs, claimed: readonly string[]): Generator<string> {
  yield* claimed;
  const parts = partsOf(told);
  if (parts === null) return;
  const schemes = [parts.scheme, parts.scheme === 'https' ? 'http' : 'https'];
  const targets = [parts.target, ...targetsLike(parts.target)];
  const authorities = authoritiesOf(parts, headers);
  const write = (scheme: string, authority: string, target: string): string =>
    `${scheme}://${authority}${target}`;
  const own = parts.host + parts.port;
  yield write(schemes[1] ?? '', own, parts.target);
  for (const target of targets) yield write(parts.scheme, own, target);
  for (const authority of authorities) yield write(parts.scheme, authority, parts.target);
  for (const scheme of schemes)
    for (const authority of authorities) {
      yield write(scheme, authority, parts.target);
      for (const target of targets.slice(1, 2)) yield write(scheme, authority, target);
    }
  for (const target of targets) yield write(schemes[1] ?? '', own, target);
  yield parts.target;
}

function partsOf(url: string): Parts | null {
  const match = /^(https?):\/\/([^/?#]*?)(:\d+)?([/?].*)?$/s.exec(url);
  if (match === null) return null;
  const [, scheme = '', host = '', port = '', target = ''] = match;
  return { scheme, host, port, target };
}

/** With and without the slash at the end, without the query, and with what joining URLs by hand makes of them. */
function targetsLike(target: string): string[] {
  const queryAt = target.indexOf('?');
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const query = queryAt < 0 ? '' : target.slice(queryAt);
  const slashed = path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
  return [slashed + query, ...(query === '' ? [] : [path]), `/${target}`];
}

function authoritiesOf({ host, port }: Parts, headers: HeaderPairs): string[] {
  const named = headers
    .filter(([name]) => FORWARDED_HOSTS.includes(name.toLowerCase()))
    .flatMap(([, value]) => value.split(',', 2).map((text) => text.trim()));
  const found = new Set<string>([host + port]);
  for (const text of [host + port, ...named, ...LOCAL_HOSTS].slice(0, MOST_HOSTS)) {
    const [, name = '', ownPort = ''] = /^(.*?)(:\d{1,5})?$/.exec(text) ?? [];
    if (!HOST.test(name)) continue;
    for (const one of [ownPort, '', port, ':443', ':80']) found.add(name + one);
  }
  return [...found];
}

/** In which parts two URLs differ, for people: `scheme`, `host`, `port`, `path`, `query`. */
export function differencesOf(expected: string, claimed: string): string[] {
  const [one, other] = [partsOf(expected), partsOf(claimed)];
  if (one === null || other === null) return ['form'];
  const [path = '', query = ''] = splitTarget(one.target);
  const [otherPath = '', otherQuery = ''] = splitTarget(other.target);
  const isSlash = path !== otherPath && withoutSlash(path) === withoutSlash(otherPath);
  const differences: (readonly [string, boolean])[] = [
    ['scheme', one.scheme !== other.scheme],
    ['host', one.host !== other.host],
    ['port', one.port !== other.port],
    ['trailing slash', isSlash],
    ['path', path !== otherPath && !isSlash],
    ['query', query !== otherQuery],
  ];
  return differences.filter(([, differs]) => differs).map(([name]) => name);
}

function splitTarget(target: string): [string, string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at)];
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
