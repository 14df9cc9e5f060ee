import type pg from 'pg';
import { idAtTime, timeOfId } from '#database';
import { daysAround, type TimeRange, uncoveredDays } from './partition-range.js';

const PARTITION_LOCK = 5_217_002;

/** Tables that are partitioned by the time in their ids, and what is altered in each of their partitions. */
const PARTITIONED_TABLES = {
  // However few sources there are, each is to be looked for by the index on sources: PostgreSQL takes all for equally busy,
  // and in search of one that has no events would go through all of the others'.
  events: 'alter column source_id set (n_distinct = 10000)',
  // Written once, read by key, dropped whole: nothing is won by reading all of it once more after it was written, to note
  // that everybody may see it or what it looks like. Deleted rows are cleared away as anywhere.
  event_contents: `set (autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = ${2 ** 31 - 1})`,
} as const;
type PartitionedTable = keyof typeof PARTITIONED_TABLES;
const NAMES = Object.keys(PARTITIONED_TABLES) as PartitionedTable[];

/** A part of a partitioned table. */
export interface Partition extends TimeRange {
  readonly name: string;
  readonly table: PartitionedTable;
}

/** Makes the partitions of the days around `nowMs`; days that have one already, a week's from before included, keep it. */
export function ensurePartitions(pool: pg.Pool, nowMs: number): Promise<void> {
  return makePartitions(pool, daysAround(nowMs));
}

/** Makes the partitions, one for each day, that `wanted` lacks. However many processes do so, each is made once. */
export async function makePartitions(pool: pg.Pool, wanted: TimeRange): Promise<void> {
  // Mostly there is nothing to make, and then nothing is locked.
  if (missing(await partitions(pool), wanted).length === 0) return;
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query(`set local lock_timeout = '1s'`);
    await client.query('select pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    for (const partition of missing(await partitions(client), wanted)) await make(client, partition);
    await client.query('commit');
    client.release();
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    client.release(true);
    throw error;
  }
}

/** Whether every partitioned table has a place for what arrives at `timeMs`. */
export async function hasPartitions(pool: pg.Pool, timeMs: number): Promise<boolean> {
  return missing(await partitions(pool), { fromMs: timeMs, toMs: timeMs + 1 }).length === 0;
}

/** Every partition there is. */
export async function partitions(runner: pg.Pool | pg.PoolClient): Promise<Partition[]> {
  const { rows } = await runner.query<Pick<Partition, 'name' | 'table'> & { bounds: string }>(
    selectPartitions,
    [NAMES],
  );
  return rows.map(({ bounds, ...names }) => ({ ...names, ...rangeOf(bounds) }));
}

function missing(existing: readonly Partition[], wanted: TimeRange): Partition[] {
  return NAMES.flatMap((table) => {
    const own = existing.filter((partition) => partition.table === table);
    return uncoveredDays(wanted, own).map((range) => ({ ...range, table, name: nameOf(table, range) }));
  });
}

/** `events_20261122`; with the time of day where another partition takes up the beginning of the day. */
function nameOf(table: PartitionedTable, { fromMs }: TimeRange): string {
  const digits = new Date(fromMs).toISOString().replaceAll(/\D/g, '');
  return `${table}_${digits.endsWith('000000000') ? digits.slice(0, 8) : digits}`;
}

/** Attached rather than made in place: that would lock the whole table, behind a running backup for as long as it takes. */
async function make(client: pg.PoolClient, { name, table, fromMs, toMs }: Partition): Promise<void> {
  // The same wall as around the whole table; nobody but the login role has a right on the part.
  await client.query(`
    create table ${name} (
      like ${table} including defaults including constraints including storage including compression
    );
    alter table ${name} ${PARTITIONED_TABLES[table]}, enable row level security, force row level security;
    create policy across_tenants on ${name} to current_user using (true) with check (true);
    alter table ${table} attach partition ${name} for values from ('${idAtTime(fromMs)}') to ('${idAtTime(toMs)}');
  `);
}

/** Bounds as PostgreSQL writes them: `FOR VALUES FROM ('…') TO ('…')`, or MINVALUE, MAXVALUE and DEFAULT by an operator's hand. */
function rangeOf(bounds: string): TimeRange {
  const [, from, to] = /FROM \((.*?)\) TO \((.*?)\)/.exec(bounds) ?? [];
  const timeOf = (text: string | undefined, otherwise: number): number =>
    text?.startsWith("'") === true ? timeOfId(text.slice(1, -1)) : otherwise;
  return { fromMs: timeOf(from, 0), toMs: timeOf(to, Infinity) };
}

const selectPartitions = `
  select c.relname as name, p.relname as table, pg_get_expr(c.relpartbound, c.oid) as bounds
  from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
  where i.inhparent = any (array(select to_regclass(t) from unnest($1::text[]) as t))`;
