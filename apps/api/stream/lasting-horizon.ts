/** PostgreSQL writes commits that nobody waits for to disk within three rounds of 0.2 s; this leaves it time. */
const ON_DISK_AFTER_MS = 2_000;

/**
 * A horizon that was seen so long ago that no crash of PostgreSQL takes it back. Numbers of transactions that were not on disk yet are
 * given out again after one: what is then stored under them is below a horizon that was seen just before.
 */
export class LastingHorizon {
  #value = 0n;
  #next: { readonly horizon: bigint; readonly seenAtMs: number } | null = null;

  get value(): bigint {
    return this.#value;
  }

  /** To be told of every horizon. */
  see(horizon: bigint, nowMs: number): void {
    // Numbers of another server: what was seen of the one before says nothing about it.
    const isOfAnother = this.#next !== null && horizon < this.#next.horizon;
    if (this.#next !== null && !isOfAnother && nowMs - this.#next.seenAtMs < ON_DISK_AFTER_MS) return;
    this.#value = isOfAnother ? 0n : (this.#next?.horizon ?? 0n);
    this.#next = { horizon, seenAtMs: nowMs };
  }
}
