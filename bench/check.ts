import { fromUlid } from '#contract';
import type { LoadRun } from './load/load-generator.js';

/** What a run's answers promise, compared with what is stored. */
export interface Checked {
  /** Answers `accepted` and `duplicate` that were compared. */
  readonly compared: number;
  /** One line per kind of broken promise; empty when all were kept. */
  readonly violations: readonly string[];
}

/**
 * Compares every receipt of a run with the ids in the database, which was empty before it: each event that was
 * answered as accepted is there, once; each duplicate was given the id of the first; and nothing is there that nobody sent.
 */
export function checkReceipts({ receipts, result }: LoadRun, storedIds: readonly string[]): Checked {
  const stored = new Set(storedIds);
  const firstIds = new Map<number, string>();
  const accepted = new Set<string>();
  const counts = { missing: 0, doubled: 0, mistaken: 0, twice: storedIds.length - stored.size };
  for (const { counter, isDuplicate, id } of receipts) {
    if (isDuplicate) continue;
    const uuid = fromUlid(id) ?? id;
    if (!stored.has(uuid)) counts.missing += 1;
    if (accepted.has(uuid) || firstIds.has(counter)) counts.doubled += 1;
    accepted.add(uuid);
    firstIds.set(counter, uuid);
  }
  for (const { counter, isDuplicate, id } of receipts) {
    if (!isDuplicate) continue;
    const uuid = fromUlid(id) ?? id;
    const first = firstIds.get(counter);
    // The answer to the first one may be what was lost; then the duplicate must at least be there.
    if (first === undefined ? !stored.has(uuid) || result.totalUnanswered === 0 : first !== uuid)
      counts.mistaken += 1;
  }
  const unexplained = stored.size - accepted.size + counts.missing - refusedOrLost(receipts.length, result);
  const violations = [
    counts.missing > 0 ? `${counts.missing} events that were answered 200 are missing` : null,
    counts.doubled + counts.twice > 0 ? `${counts.doubled + counts.twice} events were stored twice` : null,
    counts.mistaken > 0 ? `${counts.mistaken} duplicates were given another id than the first one's` : null,
    unexplained > 0 ? `${unexplained} events are stored that nobody was told of` : null,
  ];
  return { compared: receipts.length, violations: violations.filter((line) => line !== null) };
}

/** A request that was not answered with a receipt may be stored all the same: its sender will send it again. */
function refusedOrLost(receipts: number, { totalSent }: LoadRun['result']): number {
  return totalSent - receipts;
}
