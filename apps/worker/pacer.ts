/** Spaces the requests to each destination: so many a second, so many at once, in this process. */
export class Pacer {
  readonly #inFlight = new Map<string, number>();
  readonly #nextSlotMs = new Map<string, number>();

  constructor(private readonly defaultMostInFlight: number) {}

  /** Destinations that have as much under way as they may. */
  full(mostInFlight: ReadonlyMap<string, number>): string[] {
    return [...this.#inFlight].flatMap(([id, count]) =>
      count >= (mostInFlight.get(id) ?? this.defaultMostInFlight) ? [id] : [],
    );
  }

  enter(destinationId: string): void {
    this.#inFlight.set(destinationId, (this.#inFlight.get(destinationId) ?? 0) + 1);
  }

  leave(destinationId: string): void {
    const left = (this.#inFlight.get(destinationId) ?? 1) - 1;
    if (left > 0) this.#inFlight.set(destinationId, left);
    else this.#inFlight.delete(destinationId);
  }

  /** How many are under way to a destination. */
  inFlight(destinationId: string): number {
    return this.#inFlight.get(destinationId) ?? 0;
  }

  /** Takes the next slot of a destination with a rate limit; returns how long to wait for it. */
  waitMs(destinationId: string, perSecond: number | null, nowMs: number): number {
    if (perSecond === null) return 0;
    const slotMs = Math.max(nowMs, this.#nextSlotMs.get(destinationId) ?? 0);
    this.#nextSlotMs.set(destinationId, slotMs + 1_000 / perSecond);
    return slotMs - nowMs;
  }
}
