import { Connection } from './connection.js';
import type { Connector } from './connector.js';

export interface PoolOptions {
  readonly connector: Connector;
  readonly maxSocketsPerOrigin: number;
  /** Of all origins together; beyond it the socket that was idle longest is closed. */
  readonly maxIdleSockets: number;
  /** After this a socket is not used again, so that a changed DNS answer is noticed under steady load too. */
  readonly maxSocketAgeMs: number;
}

/** Gets a free connection, or `null`: the right to open one. */
type Waiter = (turn: Connection | null) => void;

interface Origin {
  readonly idle: Connection[];
  readonly waiters: Waiter[];
  /** Sockets open or being opened. */
  socketCount: number;
}

/** Keep-alive connections by origin (scheme, host and port), each used by one request at a time. */
export class ConnectionPool {
  private readonly origins = new Map<string, Origin>();
  private readonly connections = new Set<Connection>();
  /** In the order in which they became idle. */
  private readonly idle = new Set<Connection>();

  constructor(private readonly options: PoolOptions) {}

  /** A connection to the URL's origin; waits for one when as many as allowed are in use. */
  async acquire(url: URL, signal: AbortSignal): Promise<Connection> {
    const origin = this.originOf(url.origin);
    const idle = this.takeIdle(origin);
    if (idle !== undefined) return idle;
    if (origin.socketCount < this.options.maxSocketsPerOrigin) {
      origin.socketCount += 1;
      return this.open(url, origin, signal);
    }
    const freed = await waitForTurn(origin.waiters, signal);
    return freed ?? this.open(url, origin, signal);
  }

  /** Gives a connection back, whatever became of it. */
  release(connection: Connection): void {
    if (!this.connections.has(connection)) return;
    const isOld = performance.now() - connection.openedAtMs > this.options.maxSocketAgeMs;
    if (isOld || !connection.isReusable) {
      connection.destroy(); // its place is given on once the socket is closed
      return;
    }
    const origin = this.originOf(connection.origin);
    const waiter = origin.waiters.shift();
    if (waiter !== undefined) return waiter(connection);
    origin.idle.push(connection);
    this.idle.add(connection);
    if (this.idle.size > this.options.maxIdleSockets) this.closeLongestIdle();
  }

  /** Cuts every connection. */
  destroy(): void {
    for (const connection of this.connections) connection.destroy();
  }

  get socketCount(): number {
    return this.connections.size;
  }

  private async open(url: URL, origin: Origin, signal: AbortSignal): Promise<Connection> {
    try {
      const socket = await this.options.connector.open(url, signal);
      const connection = new Connection(url.origin, socket, (closed) => this.onClosed(closed));
      this.connections.add(connection);
      return connection;
    } catch (error) {
      this.giveUpPlace(url.origin, origin);
      throw error;
    }
  }

  private onClosed(connection: Connection): void {
    const origin = this.originOf(connection.origin);
    this.connections.delete(connection);
    this.forgetIdle(origin, connection);
    this.giveUpPlace(connection.origin, origin);
  }

  private giveUpPlace(name: string, origin: Origin): void {
    const waiter = origin.waiters.shift();
    if (waiter !== undefined) return waiter(null); // the place goes to the waiter, so the count stays
    origin.socketCount -= 1;
    if (origin.socketCount === 0) this.origins.delete(name);
  }

  /** The one used last: those at the bottom may then go idle for good. */
  private takeIdle(origin: Origin): Connection | undefined {
    for (let connection = origin.idle.pop(); connection !== undefined; connection = origin.idle.pop()) {
      this.idle.delete(connection);
      if (connection.isReusable) return connection;
    }
    return undefined;
  }

  private closeLongestIdle(): void {
    const [longestIdle] = this.idle;
    if (longestIdle === undefined) return;
    this.forgetIdle(this.originOf(longestIdle.origin), longestIdle);
    longestIdle.destroy();
  }

  private forgetIdle(origin: Origin, connection: Connection): void {
    if (this.idle.delete(connection)) origin.idle.splice(origin.idle.indexOf(connection), 1);
  }

  private originOf(name: string): Origin {
    const known = this.origins.get(name);
    if (known !== undefined) return known;
    const origin: Origin = { idle: [], waiters: [], socketCount: 0 };
    this.origins.set(name, origin);
    return origin;
  }
}

function waitForTurn(waiters: Waiter[], signal: AbortSignal): Promise<Connection | null> {
  return new Promise((resolve, reject) => {
    const waiter: Waiter = (turn) => {
      signal.removeEventListener('abort', giveUp);
      resolve(turn);
    };
    const giveUp = () => {
      waiters.splice(waiters.indexOf(waiter), 1);
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    waiters.push(waiter);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}
