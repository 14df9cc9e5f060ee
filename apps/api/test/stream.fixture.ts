import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 10;

/** A sender that goes on sending, one callback after the other, and keeps what it is answered. */
export class Stream {
  readonly #statuses = new Set<number>();
  #sent = 0;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  /** Begins to send, and goes on until it is stopped. */
  static start(sendOne: () => Promise<{ readonly status: number }>): Stream {
    const stream = new Stream();
    stream.#running = stream.run(sendOne);
    return stream;
  }

  /** Waits until another `count` callbacks have been answered. */
  async next(count: number): Promise<void> {
    const until = this.#sent + count;
    while (this.#sent < until && !this.#isStopped) await sleep(EVERY_MS);
    if (this.#isStopped) await this.#running;
  }

  /** Stops sending; gives back the statuses that there were. */
  async stop(): Promise<number[]> {
    this.#isStopped = true;
    await this.#running;
    return [...this.#statuses].sort((a, b) => a - b);
  }

  private async run(sendOne: () => Promise<{ readonly status: number }>): Promise<void> {
    try {
      while (!this.#isStopped) {
        this.#statuses.add((await sendOne()).status);
        this.#sent += 1;
        await sleep(EVERY_MS);
      }
    } finally {
      this.#isStopped = true;
    }
  }
}
