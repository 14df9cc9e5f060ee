import { connect, type Socket } from 'node:net';

/** RFC 8305 section 5: how long one address has before the next is tried beside it. */
const NEXT_ATTEMPT_AFTER_MS = 250;

/** More would only prolong the failure; every address was judged before, also those not tried. */
const MAX_ATTEMPTS = 6;

const ignoreLaterErrors = () => undefined;

/**
 * Connects to whichever of the addresses answers first (RFC 8305, "happy eyeballs"), so that a host whose IPv6 leads
 * nowhere, or a `localhost` that listens on one family, is reached. Fails with the first address' error.
 */
export function connectToFirst(
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    new AddressRace(interleaveFamilies(addresses), port, { signal, resolve, reject }).next();
  });
}

interface RaceOutcome {
  readonly signal: AbortSignal;
  readonly resolve: (socket: Socket) => void;
  readonly reject: (error: unknown) => void;
}

class AddressRace {
  private readonly running = new Set<Socket>();
  private timer: NodeJS.Timeout | undefined;
  private firstError: unknown;
  private over = false;

  constructor(
    private readonly waiting: string[],
    private readonly port: number,
    private readonly outcome: RaceOutcome,
  ) {
    outcome.signal.addEventListener('abort', this.onAbort, { once: true });
    if (outcome.signal.aborted) this.onAbort();
  }

  next(): void {
    clearTimeout(this.timer);
    const host = this.waiting.shift();
    if (this.over || host === undefined) return;
    const socket = connect({ host, port: this.port, noDelay: true, keepAlive: true });
    this.running.add(socket);
    socket.on('error', ignoreLaterErrors);
    socket.once('error', (error) => this.onError(socket, error));
    socket.once('connect', () => this.onConnect(socket));
    if (this.waiting.length > 0) this.timer = setTimeout(() => this.next(), NEXT_ATTEMPT_AFTER_MS);
  }

  private onConnect(socket: Socket): void {
    this.running.delete(socket);
    if (this.over) socket.destroy();
    else this.finish(() => this.outcome.resolve(socket));
  }

  private onError(socket: Socket, error: unknown): void {
    this.running.delete(socket);
    this.firstError ??= error;
    if (this.over) return;
    if (this.waiting.length > 0) this.next();
    else if (this.running.size === 0) this.finish(() => this.outcome.reject(this.firstError));
  }

  private readonly onAbort = () => {
    if (!this.over) this.finish(() => this.outcome.reject(this.outcome.signal.reason));
  };

  private finish(tell: () => void): void {
    this.over = true;
    clearTimeout(this.timer);
    this.outcome.signal.removeEventListener('abort', this.onAbort);
    for (const socket of this.running) socket.destroy();
    tell();
  }
}

/** IPv4 first: in containers it is the family that works. */
function interleaveFamilies(addresses: readonly string[]): string[] {
  const ipv4 = addresses.filter((address) => !address.includes(':'));
  const ipv6 = addresses.filter((address) => address.includes(':'));
  const ordered: string[] = [];
  for (let index = 0; index < Math.max(ipv4.length, ipv6.length); index += 1) {
    ordered.push(...ipv4.slice(index, index + 1), ...ipv6.slice(index, index + 1));
  }
  return ordered.slice(0, MAX_ATTEMPTS);
}
