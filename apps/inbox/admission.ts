/** Fewer in flight than one batch of the store and the next would leave it idle. */
const LEAST_IN_FLIGHT = 256;
const MOST_IN_FLIGHT = 2_048;
const FIRST_IN_FLIGHT = 512;
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
  #most = FIRST_IN_FLIGHT;
  #windowSinceMs = 0;
  #answers = 0;
  #waitedMs = 0;
  #fullest = 0;

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
    this.#inFlight += 1;
    if (this.#inFlight > this.#fullest) this.#fullest = this.#inFlight;
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
    if (share < 1) this.#most = Math.max(LEAST_IN_FLIGHT, this.#most * Math.max(LEAST_SHARE, share));
    else if (this.#fullest > this.#most / 2)
      this.#most = Math.min(MOST_IN_FLIGHT, this.#most * Math.min(GROWTH, share));
    this.#windowSinceMs = nowMs;
    this.#answers = 0;
    this.#waitedMs = 0;
    this.#fullest = this.#inFlight;
  }
}
