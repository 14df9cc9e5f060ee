import type pg from 'pg';
import type { KeptRejection } from './kept-rejection.js';

/** How many rejections of a source are kept. */
export const MOST_OF_A_SOURCE = 1_000;

/** How many callbacks of a source were refused on a day, UTC. */
export interface RefusalCount {
  readonly tenantId: string;
  readonly sourceId: string;
  readonly day: string;
  received: number;
  kept: number;
}

/**
 * Writes rejections, and in the same commit forgets what is older than the newest 1,000 of each source. Those who write
 * for one source take turns, so that nobody ever sees more.
 */
export async function writeRejections(pool: pg.Pool, batch: readonly KeptRejection[]): Promise<void> {
  const sources = [...new Map(batch.map(({ tenantId, sourceId }) => [sourceId, tenantId]))].sort();
  await inTransaction(pool, async (client) => {
    for (const [sourceId] of sources) await client.query(lockSource, [sourceId]);
    for (const row of batch)
      await client.query({ name: 'keep-rejection', text: insert, values: valuesOf(row) });
    for (const [sourceId, tenantId] of sources)
      await client.query({
        name: 'forget-rejections',
        text: forgetOldest,
        values: [tenantId, sourceId, MOST_OF_A_SOURCE],
      });
  });
}

/** Adds to the counts of refused callbacks. Rows are taken in one order, so that two processes cannot wait for each other. */
export async function writeCounts(pool: pg.Pool, counts: readonly RefusalCount[]): Promise<void> {
  await pool.query(addCounts, [
    counts.map(({ tenantId }) => tenantId),
    counts.map(({ sourceId }) => sourceId),
    counts.map(({ day }) => day),
    counts.map(({ received }) => received),
    counts.map(({ kept }) => kept),
  ]);
}

async function inTransaction(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await work(client);
    await client.query('commit');
    client.release();
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    client.release(true);
    throw error;
  }
}

function valuesOf(row: KeptRejection): unknown[] {
  const { diagnosis } = row;
  return [
    row.tenantId,
    row.id,
    row.sourceId,
    new Date(row.receivedAtMs),
    row.reason,
    diagnosis.code,
    diagnosis.cause,
    diagnosis.fix,
    row.method,
    row.path,
    row.query,
    JSON.stringify(row.headers),
    row.remoteIp,
    row.size,
    row.sealed,
    row.excerpt,
    row.body,
  ];
}

const lockSource = `select pg_advisory_xact_lock(hashtextextended('rejections/' || $1, 0))`;

const insert = `
  insert into rejections (
    tenant_id, id, source_id, received_at, reason, diagnosis_code, diagnosis_cause, diagnosis_fix, method, path, query,
    headers, remote_ip, size, sealed, excerpt, body
  ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`;

const forgetOldest = `
  delete from rejections where tenant_id = $1 and source_id = $2 and id <= (
    select id from rejections where tenant_id = $1 and source_id = $2 order by id desc offset $3 limit 1
  )`;

const addCounts = `
  insert into rejection_counts as c (tenant_id, source_id, day, received, kept)
  select * from unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[], $5::bigint[])
    as t (tenant_id, source_id, day, received, kept)
  order by 1, 2, 3
  on conflict (tenant_id, source_id, day) do update
    set received = c.received + excluded.received, kept = c.kept + excluded.kept`;
