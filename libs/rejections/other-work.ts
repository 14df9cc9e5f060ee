/** Shorter ones say little: a single request fills the pause after a diagnosis. */
const WINDOW_MS = 250;

/** What `performance.eventLoopUtilization()` has counted, in milliseconds. */
interface Counted {
  readonly active: number;
  readonly idle: number;
}

/** How busy a process has been lately with anything but what it spends on one thing of its own. */
export class OtherWork {
  #share = 0;
  #ownMs = 0;

  constructor(private since: Counted) {}

  /** The share of the time, from 0 to 1, as of the last window of a quarter of a second that has ended. */
  share(counted: Counted, spentMs: number): number {
    this.#ownMs += spentMs;
    const activeMs = counted.active - this.since.active;
    const allMs = activeMs + counted.idle - this.since.idle;
    if (allMs < WINDOW_MS) return this.#share;
    const leftMs = Math.max(1, allMs - this.#ownMs);
    this.#share = Math.min(1, Math.max(0, activeMs - this.#ownMs) / leftMs);
    this.since = { active: counted.active, idle: counted.idle };
    this.#ownMs = 0;
    return this.#share;
  }
}
