import type { Socket } from 'node:net';

/** Nobody who means to send something is still silent, or in the midst of the first headers, after so long. */
const SPARED_MS = 1_000;

/**
 * Connections over which no request has come yet. Some senders connect in advance, so they may stay for a while; when
 * there is no room for others, they go first.
 */
export class Newcomers {
  readonly #sinceMs = new Map<Socket, number>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  add(socket: Socket): void {
    this.#sinceMs.set(socket, this.now());
    socket.once('close', () => this.#sinceMs.delete(socket));
  }

  /** Notes that a request has come. */
  remove(socket: Socket): void {
    this.#sinceMs.delete(socket);
  }

  /** Closes those that have said nothing for so long. */
  closeSilent(forMs: number): void {
    this.close(forMs, ({ bytesRead }) => bytesRead === 0);
  }

  /** Closes those that have not come to the end of their headers, to make room; the latest are spared. */
  makeRoom(): void {
    this.close(SPARED_MS, () => true);
  }

  private close(sinceMs: number, isMeant: (socket: Socket) => boolean): void {
    const latestMs = this.now() - sinceMs;
    for (const [socket, atMs] of this.#sinceMs) if (atMs <= latestMs && isMeant(socket)) socket.destroy();
  }
}
