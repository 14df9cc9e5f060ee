/** For a while after a failure this much time lies between two requests: ten a second. */
const SPACING_AFTER_FAILURE_MS = 100;
const CAREFUL_FOR_MS = 60_000;
const MOST_AT_ONCE = 4;

interface Waiting {
  readonly start: () => void;
}

/**
 * How hard a key service is asked: few requests at once, and slowly after it has failed, so that a service which comes
 * back is not thrown down again by all that has been waiting for it.
 */
export class Gate {
  #running = 0;
  #isCareful = false;
  #carefulUntilMs = 0;
  #nextStartMs = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting: Waiting[] = [];

  /** Waits for a turn, at most `patienceMs`; gives back how long that took, or `null` when none came. */
  enter(patienceMs: number): Promise<number | null> {
    return new Promise((resolve) => {
      const sinceMs = Date.now();
      const giveUp = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(null);
      }, patienceMs);
      const start = () => {
        clearTimeout(giveUp);
        resolve(Date.now() - sinceMs);
      };
      const waiting = { start };
      this.#waiting.push(waiting);
      this.admit();
    });
  }

  /** To be called once by everybody who was let in. */
  leave(failed: boolean): void {
    this.#running -= 1;
    if (failed) {
      this.#isCareful = true;
      this.#carefulUntilMs = Date.now() + CAREFUL_FOR_MS;
    }
    this.admit();
  }

  private admit(): void {
    clearTimeout(this.#timer);
    while (this.#running < MOST_AT_ONCE) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      // A crowd that gathered while the service was away is let in slowly however long that takes.
      const isCrowd = this.#waiting.length > MOST_AT_ONCE;
      if (Date.now() >= this.#carefulUntilMs && !isCrowd) this.#isCareful = false;
      const waitMs = this.#isCareful ? this.#nextStartMs - Date.now() : 0;
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.admit(), waitMs);
        return;
      }
      this.#waiting.shift();
      this.#running += 1;
      this.#nextStartMs = Date.now() + SPACING_AFTER_FAILURE_MS;
      first.start();
    }
  }
}
