import type pg from 'pg';
import { idAtTime } from '#database';

const WEEK_MS = 7 * 24 * 60 * 60 * 1_000;
/** 1970-01-05, a Monday: weeks begin on Mondays, UTC. */
const FIRST_MONDAY_MS = 4 * 24 * 60 * 60 * 1_000;
const WEEKS_AHEAD = 4;
const PARTITION_LOCK = 5_217_002;

/** Tables that are partitioned by the time in their ids. */
export const PARTITIONED_TABLES = ['events', 'event_contents'] as const;

interface Partition {
  readonly name: string;
  readonly table: string;
  readonly startMs: number;
}

/** Makes the partitions of this week and the next ones; those that are there stay as they are. */
export async function ensurePartitions(pool: pg.Pool, nowMs: number): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    await client.query(`set local lock_timeout = '1s'`);
    for (const partition of await missing(client, partitionsAround(nowMs))) await make(client, partition);
    await client.query('commit');
    client.release();
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    client.release(true);
    throw error;
  }
}

function partitionsAround(nowMs: number): Partition[] {
  const thisWeek = Math.floor((nowMs - FIRST_MONDAY_MS) / WEEK_MS);
  // The week before too: a clock that is corrected backwards must not lose a callback.
  const weeks = Array.from({ length: WEEKS_AHEAD + 2 }, (_, index) => thisWeek - 1 + index);
  return weeks.flatMap((week) => {
    const startMs = FIRST_MONDAY_MS + week * WEEK_MS;
    const day = new Date(startMs).toISOString().slice(0, 10).replaceAll('-', '');
    return PARTITIONED_TABLES.map((table) => ({ name: `${table}_${day}`, table, startMs }));
  });
}

async function missing(client: pg.PoolClient, partitions: readonly Partition[]): Promise<Partition[]> {
  const { rows } = await client.query<{ name: string }>(
    'select name from unnest($1::text[]) as p (name) where to_regclass(name) is null',
    [partitions.map(({ name }) => name)],
  );
  const names = new Set(rows.map(({ name }) => name));
  return partitions.filter(({ name }) => names.has(name));
}

/** Attached rather than made in place: that would lock the whole table, behind a running backup for as long as it takes. */
async function make(client: pg.PoolClient, { name, table, startMs }: Partition): Promise<void> {
  // The same wall as around the whole table; nobody but the login role has a right on the part.
  await client.query(`
    create table ${name} (like ${table} including defaults including constraints);
    alter table ${name} enable row level security, force row level security;
    create policy across_tenants on ${name} to current_user using (true) with check (true);
  `);
  await client.query(
    `alter table ${table} attach partition ${name}
     for values from ('${idAtTime(startMs)}') to ('${idAtTime(startMs + WEEK_MS)}')`,
  );
}
