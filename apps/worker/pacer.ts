import type { Window } from '#deliveries';

/** A destination that nothing is known of yet gets one request; it shows by answering that it can take more. */
export const FIRST_WINDOW = 1;
const MOST = 1_000;

/**
 * How many requests each destination may have under way in this process: one more with every answer, one at a time
 * while it does not answer. So thousands of destinations that hang hold one place each, and the others go on. What
 * has nothing under way is forgotten.
 */
export class Pacer {
  readonly #windows = new Map<string, { size: number; inFlight: number }>();

  enter(destinationId: string): void {
    const window = this.#windows.get(destinationId);
    if (window === undefined) this.#windows.set(destinationId, { size: FIRST_WINDOW, inFlight: 1 });
    else window.inFlight += 1;
  }

  /** Ends one request; `answered` is `null` when none was made. */
  leave(destinationId: string, answered: boolean | null): void {
    const window = this.#windows.get(destinationId);
    if (window === undefined) return;
    window.inFlight -= 1;
    if (answered === true) window.size = Math.min(window.size + 1, MOST);
    else if (answered === false) window.size = FIRST_WINDOW;
    if (window.inFlight <= 0) this.#windows.delete(destinationId);
  }

  /** Every destination that has something under way. */
  windows(): Window[] {
    return [...this.#windows].map(([destinationId, window]) => ({ destinationId, ...window }));
  }
}
