import type pg from 'pg';
import { findContentsAcrossTenants, type StoredContent } from '#events';
import type { ClaimedDelivery } from './claim.js';

/** Of each delivery in hand at most so much is kept; longer bodies are read when it is their turn. */
const LARGEST_BYTES = 16_384;
const LARGEST_TOTAL_BYTES = 4 * 1024 * 1024;
/** Longer than that nothing is relied on: meanwhile an event may have been erased, or a secret have ended. */
const FRESH_FOR_MS = 1_000;

/** The contents of what was claimed together, read together: one statement instead of one per delivery. */
export class PreloadedContents {
  readonly #contents = new WeakMap<ClaimedDelivery, { content: StoredContent | null; readAtMs: number }>();

  /** Reads what is small, each event once, however many destinations it goes to. */
  async read(pool: pg.Pool, deliveries: readonly ClaimedDelivery[]): Promise<void> {
    const readAtMs = performance.now();
    const wanted = new Map<string, { tenantId: string; id: string }>();
    let bytes = 0;
    const chosen = deliveries.filter(({ tenant_id: tenantId, event_id: id, event }) => {
      if (event === null || event.size > LARGEST_BYTES) return false;
      if (!wanted.has(id) && (bytes += event.size) <= LARGEST_TOTAL_BYTES) wanted.set(id, { tenantId, id });
      return wanted.has(id);
    });
    if (chosen.length === 0) return;
    const found = await findContentsAcrossTenants(pool, [...wanted.values()]);
    for (const delivery of chosen)
      this.#contents.set(delivery, { content: found.get(delivery.event_id) ?? null, readAtMs });
  }

  /** What was read a moment ago, `null` where there was nothing; `undefined`: read it now. */
  find(delivery: ClaimedDelivery): StoredContent | null | undefined {
    const preloaded = this.#contents.get(delivery);
    if (preloaded === undefined || performance.now() - preloaded.readAtMs > FRESH_FOR_MS) return undefined;
    return preloaded.content;
  }
}
