import type { Room } from './feed.js';

/** How far deliveries of orders are made ahead for one destination. */
interface FeedWindow {
  size: number;
  /** What was due there right after the last ones were made. */
  dueThen: number;
  atMs: number;
}

/** What is known of nothing gets so many; an order that is shorter is all deliveries at once. */
export const FIRST_ROOM = 50;
const LEAST = 8;
const MOST = 2_000;
/** About so long a live event may stand behind deliveries of orders: what the destination takes in that time is made. */
const AHEAD_MS = 500;
const TOO_LONG_MS = 1_000;
const FORGET_AFTER_MS = 60_000;
const MOST_REMEMBERED = 10_000;

/** For who looks once: a few deliveries, where no more than that are due. */
export const firstRoom: Room = {
  places: (_destinationId, due) => Math.max(0, FIRST_ROOM - due),
  filled: () => undefined,
};

/**
 * How many deliveries of orders each destination may have waiting: as many as it takes within half a second, as far as
 * it has shown. So a long order never stands before a live event, and a quick destination need not wait for the next ones.
 */
export class FeedWindows implements Room {
  readonly #windows = new Map<string, FeedWindow>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** How many more may be made now, given how many are due: none before half of the last ones are gone. */
  places(destinationId: string, due: number): number {
    const nowMs = this.nowMs();
    const window = this.#windows.get(destinationId);
    if (window === undefined) return Math.max(0, FIRST_ROOM - due);
    if (due <= window.size / 2) {
      window.size = resized(window, due, nowMs);
      return Math.max(0, window.size - due);
    }
    if (nowMs - window.atMs > TOO_LONG_MS) {
      window.size = resized(window, due, nowMs);
      this.remember(destinationId, { size: window.size, dueThen: due, atMs: nowMs });
    }
    return 0;
  }

  /** Notes how many are due now that some have been made. */
  filled(destinationId: string, due: number): void {
    const size = this.#windows.get(destinationId)?.size ?? FIRST_ROOM;
    this.remember(destinationId, { size, dueThen: due, atMs: this.nowMs() });
  }

  private remember(destinationId: string, window: FeedWindow): void {
    this.#windows.delete(destinationId);
    this.#windows.set(destinationId, window);
    for (const [id, { atMs }] of this.#windows) {
      if (this.#windows.size <= MOST_REMEMBERED && window.atMs - atMs < FORGET_AFTER_MS) return;
      this.#windows.delete(id);
    }
  }
}

function resized({ size, dueThen, atMs }: FeedWindow, due: number, nowMs: number): number {
  const elapsedMs = nowMs - atMs;
  if (elapsedMs <= 0) return size;
  // It was done before anybody looked, so how much it could take is not known: more than that, if it was quick.
  if (due === 0) return dueThen >= size / 2 && elapsedMs < TOO_LONG_MS ? Math.min(MOST, size * 2) : size;
  const taken = (Math.max(0, dueThen - due) * AHEAD_MS) / elapsedMs;
  return Math.min(MOST, Math.max(LEAST, Math.ceil(taken)));
}
