import type pg from 'pg';
import { idAtTime } from '#database';

const WEEK_MS = 7 * 24 * 60 * 60 * 1_000;
/** 1970-01-05, a Monday: weeks begin on Mondays, UTC. */
const FIRST_MONDAY_MS = 4 * 24 * 60 * 60 * 1_000;
const WEEKS_AHEAD = 4;
const PARTITION_LOCK = 5_217_002;

/** Tables that are partitioned by the time in their ids. */
export const PARTITIONED_TABLES = ['events', 'event_contents'] as const;

/** Makes the partitions of this week and the next ones; those that are there stay as they are. */
export async function ensurePartitions(pool: pg.Pool, nowMs: number): Promise<void> {
  const thisWeek = Math.floor((nowMs - FIRST_MONDAY_MS) / WEEK_MS);
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    // The week before too: a clock that is corrected backwards must not lose a callback.
    for (let week = thisWeek - 1; week <= thisWeek + WEEKS_AHEAD; week += 1) {
      for (const table of PARTITIONED_TABLES)
        await client.query(partitionOf(table, FIRST_MONDAY_MS + week * WEEK_MS));
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

function partitionOf(table: string, startMs: number): string {
  const day = new Date(startMs).toISOString().slice(0, 10).replaceAll('-', '');
  return `create table if not exists ${table}_${day} partition of ${table}
    for values from ('${idAtTime(startMs)}') to ('${idAtTime(startMs + WEEK_MS)}')`;
}
