import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Partition, partitions } from './partitions.js';

/** Who waits for the lock makes callbacks wait behind it, so it is asked for shortly and, when it is refused, again later. */
const LOCK_TIMEOUT_MS = 20;
const TRIES = 3;
const BETWEEN_TRIES_MS = 150;
const LOCK_NOT_AVAILABLE = '55P03';
const RETIRED = 'retired';

/**
 * Takes partitions out of their tables, all of them or, while somebody uses them, none. What is taken out is dropped by
 * {@link dropRetired}, apart from the lock that callbacks wait for. `false`: not this time.
 */
export async function retirePartitions(pool: pg.Pool, retiring: readonly Partition[]): Promise<boolean> {
  for (let left = TRIES; left > 0; left -= 1) {
    if (await tryToRetire(pool, retiring)) return true;
    await sleep(BETWEEN_TRIES_MS * (0.5 + Math.random()));
  }
  return false;
}

/** Drops what was taken out, by this process or by one that died before it could. Returns how many tables went. */
export async function dropRetired(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ name: string }>(
    `select relname as name from pg_class c
     where relkind = 'r' and not relispartition and pg_table_is_visible(oid)
       and relname ~ '^(events|event_contents)_\\d+_${RETIRED}$'`,
  );
  for (const { name } of rows) await pool.query(`drop table ${name}`);
  return rows.length;
}

async function tryToRetire(pool: pg.Pool, retiring: readonly Partition[]): Promise<boolean> {
  const client = await pool.connect();
  try {
    // A crash that undoes it leaves a partition that is retired again; the lock is not held until the disk has it.
    await client.query(
      `begin; set local synchronous_commit = off; set local lock_timeout = '${LOCK_TIMEOUT_MS}ms'`,
    );
    // The old parts first: hardly anybody uses them, and only when they are ours callbacks may have to wait.
    await client.query(
      retiring.map(({ name }) => `lock table only ${name} in access exclusive mode`).join(';'),
    );
    await client.query(
      retiring
        .map(
          ({ table, name }) =>
            `alter table ${table} detach partition ${name}; alter table ${name} rename to ${name}_${RETIRED}`,
        )
        .join(';'),
    );
    await client.query('commit');
    client.release();
    return true;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    client.release(true);
    if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}

/** Partitions by the time they are for: those of different tables for the same time are retired together. */
export async function partitionGroups(pool: pg.Pool): Promise<Partition[][]> {
  const groups = new Map<string, Partition[]>();
  for (const partition of await partitions(pool)) {
    const key = `${partition.fromMs}/${partition.toMs}`;
    groups.set(key, [...(groups.get(key) ?? []), partition]);
  }
  return [...groups.values()].sort(([a], [b]) => (a?.fromMs ?? 0) - (b?.fromMs ?? 0));
}
