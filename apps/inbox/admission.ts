/** Fewer in flight than one batch of the store and the next would leave it idle. */
const LEAST_IN_FLIGHT = 256;
/** Also the first bound: thousands that come at once, to a store that has nothing to do, wait for no one but each other. */
const MOST_IN_FLIGHT = 4_096;
const WINDOW_MS = 100;
const LEAST_ANSWERS = 20;
/** The most that one window takes off, so that one slow commit does not shut the door. */
const LEAST_SHARE = 0.7;
const GROWTH = 1.1;

/**
 * How many callbacks may be between their last byte and their answer. What waits longer than the target is waiting for
 * those before it, so the number follows the time they take: by Little's law it settles at the rate of the store times
 * the target. Whoever comes beyond it is turned away at once, instead of being answered late.
 */
export class Admission {
  #inFlight = 0;
  #most = MOST_IN_FLIGHT;
  #windowSinceMs = 0;
  #answers = 0;
  #waitedMs = 0;

  constructor(
    private readonly targetWaitMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether there is room for one more; asked before anything is done for a request. */
  get hasRoom(): boolean {
    return this.#inFlight < this.#most;
  }

  /** Whether there is room for one whose body has been taken already: twice as many, since that would be lost. */
  get hasRoomForBegun(): boolean {
    return this.#inFlight < 2 * this.#most;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get most(): number {
    return this.#most;
  }

  /** Counts a callback whose body has been read; gives back the time, for {@link leave}. */
  enter(): number {
    // The store has caught up with all there was: whatever was too much is over.
    if (this.#inFlight === 0) this.#most = MOST_IN_FLIGHT;
    this.#inFlight += 1;
    return this.now();
  }

  /** Ends what {@link enter} began. */
  leave(enteredAtMs: number): void {
    const nowMs = this.now();
    this.#inFlight -= 1;
    this.#answers += 1;
    this.#waitedMs += nowMs - enteredAtMs;
    if (nowMs - this.#windowSinceMs >= WINDOW_MS && this.#answers >= LEAST_ANSWERS) this.adapt(nowMs);
  }

  private adapt(nowMs: number): void {
    const share = this.targetWaitMs / Math.max(1, this.#waitedMs / this.#answers);
    const most = this.#most * Math.min(GROWTH, Math.max(LEAST_SHARE, share));
    this.#most = Math.min(MOST_IN_FLIGHT, Math.max(LEAST_IN_FLIGHT, most));
    this.#windowSinceMs = nowMs;
    this.#answers = 0;
    this.#waitedMs = 0;
  }
}
