import type pg from 'pg';
import { dropRetired, gapsBefore, type Partition, partitionGroups, retirePartitions } from '#events';
import {
  DEFAULT_RETENTION_DAYS,
  deleteExpired,
  deleteOrphans,
  longestRetention,
  retentionSpan,
} from './expire-events.js';
import { type DedupePosition, pruneDedupeKeys } from './prune-dedupe-keys.js';
import { pruneRedeliveries, type RedeliveryPosition } from './prune-redeliveries.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const MOST_EVENTS = 1_000;
const MOST_ORPHANS = 2_000;
const PRUNE_LOCK = 5_217_010;

/**
 * Deletes what is past its time, a bounded amount at each call: events after the retention of their source, whole
 * partitions where all of it is, what became of them, dedupe keys after their window, old redeliveries. Of any number of
 * processes one does so at a time.
 */
export class Pruner {
  #dedupe: DedupePosition = { page: 0 };
  #redelivery: RedeliveryPosition | null = null;

  constructor(private readonly pool: pg.Pool) {}

  /** Returns how much went of what may have more of its kind; 0: done for now, or another process is at it. */
  async prune(nowMs = Date.now()): Promise<number> {
    const client = await this.pool.connect();
    try {
      const { rows } = await client.query<{ alone: boolean }>('select pg_try_advisory_lock($1) as alone', [
        PRUNE_LOCK,
      ]);
      if (rows[0]?.alone !== true) return 0;
      const events = await this.pruneEvents(nowMs);
      // What is short of work takes its turn once a round, not after every batch of events.
      if (events === 0) await this.pruneTheRest(nowMs);
      return events;
    } finally {
      await client.query('select pg_advisory_unlock($1)', [PRUNE_LOCK]).then(
        () => client.release(),
        () => client.release(true),
      );
    }
  }

  private async pruneEvents(nowMs: number): Promise<number> {
    const groups = await partitionGroups(this.pool);
    const { shortest } = await retentionSpan(this.pool);
    const left: Partition[] = [];
    let count = 0;
    for (const group of groups) {
      const expiring = group.every(({ fromMs }) => fromMs + shortest * DAY_MS < nowMs);
      const pruned = expiring ? await this.pruneGroup(group, nowMs) : 0;
      if (pruned === 'retired') count += 1;
      else {
        left.push(...group);
        count += pruned;
      }
    }
    await dropRetired(this.pool);
    return count + (await this.deleteOrphans(left, nowMs));
  }

  private async pruneGroup(group: readonly Partition[], nowMs: number): Promise<number | 'retired'> {
    const [range] = group;
    if (range === undefined) return 0;
    const isBounded = Number.isFinite(range.toMs);
    const untilMs = isBounded ? range.toMs : nowMs;
    const days = await longestRetention(this.pool, { fromMs: range.fromMs, toMs: untilMs });
    const droppedAtMs = isBounded ? range.toMs + (days ?? DEFAULT_RETENTION_DAYS) * DAY_MS : Infinity;
    if (days === null && droppedAtMs > nowMs) return 0;
    if (droppedAtMs <= nowMs && (await retirePartitions(this.pool, group))) return 'retired';
    return deleteExpired(
      this.pool,
      { fromMs: range.fromMs, toMs: untilMs },
      { nowMs, droppedAtMs, mostRows: MOST_EVENTS },
    );
  }

  private async deleteOrphans(left: readonly Partition[], nowMs: number): Promise<number> {
    const events = left.filter(({ table }) => table === 'events');
    // Where today has no partition something is amiss, and what looks like an orphan may be none.
    if (!events.some(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs)) return 0;
    let count = 0;
    for (const gap of gapsBefore(nowMs - DAY_MS, events))
      count += await deleteOrphans(this.pool, gap, MOST_ORPHANS);
    return count;
  }

  private async pruneTheRest(nowMs: number): Promise<void> {
    this.#dedupe = await pruneDedupeKeys(this.pool, this.#dedupe);
    this.#redelivery = await pruneRedeliveries(this.pool, nowMs, this.#redelivery);
  }
}
