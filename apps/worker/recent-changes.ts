import { LRUCache } from 'lru-cache';
import type { Change } from '#database';
import type { ClaimedDelivery } from '#deliveries';

/** Forgetting the oldest costs a few requests that go out by what was known when they were claimed. */
const MOST_REMEMBERED = 10_000;

/** Remembers which destinations and sources were changed when, for deliveries that had been claimed before. */
export class RecentChanges {
  /** By `tenant id/id`, as changes are announced. */
  readonly #changedAtMs = new LRUCache<string, number>({ max: MOST_REMEMBERED });

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** Notes a change of a destination or source; gives back the id of the destination, or `null`. */
  note({ kind, key }: Change): string | null {
    if (kind !== 'destination' && kind !== 'source') return null;
    this.#changedAtMs.set(key, this.nowMs());
    return kind === 'destination' ? key.slice(key.indexOf('/') + 1) : null;
  }

  /** Whether the destination or source of a delivery may have been changed since it was claimed. */
  haveOvertaken(
    { tenant_id: tenantId, source_id: sourceId, destination }: ClaimedDelivery,
    claimedAtMs: number,
  ): boolean {
    return [destination.id, sourceId].some(
      (id) => (this.#changedAtMs.get(`${tenantId}/${id}`) ?? -Infinity) >= claimedAtMs,
    );
  }
}
