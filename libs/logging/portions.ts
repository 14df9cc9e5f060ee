import type { DestinationStream } from 'pino';

const PASS_ON_EVERY_MS = 200;

/** What portions are passed to; pino's own destination of a file descriptor is one. */
interface Outlet {
  write(text: string): unknown;
  flush(done: () => void): void;
  flushSync(): void;
}

/**
 * Lines on their way to a file descriptor, passed on in portions: a system call per line costs more than receiving a
 * callback does, and so does measuring all that is waiting once per line, which is what the destination below does if
 * left to gather them itself.
 */
export class Portions implements DestinationStream {
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Passes lines on as soon as they have `portionLength` characters together, and otherwise several times a second. */
  constructor(
    private readonly outlet: Outlet,
    private readonly portionLength: number,
  ) {}

  write(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= this.portionLength) this.passOn();
    else this.#timer ??= setTimeout(() => this.passOn(), PASS_ON_EVERY_MS).unref();
  }

  /** Hands what is waiting to the outlet, which writes it when it can. */
  passOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const portion = this.#lines.join('');
    this.#lines = [];
    this.#length = 0;
    this.outlet.write(portion);
  }

  /** Calls `done` when all that was given has been written; never, while nobody reads it. pino's own `flush` comes here. */
  flush(done: () => void): void {
    this.passOn();
    this.outlet.flush(done);
  }

  /** Writes all before it returns; pino asks for it after a fatal line. */
  flushSync(): void {
    this.passOn();
    this.outlet.flushSync();
  }
}
