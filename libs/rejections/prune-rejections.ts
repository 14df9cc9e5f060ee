import type pg from 'pg';

/** How long rejections are kept. */
export const KEPT_FOR_DAYS = 7;
const COUNTED_FOR_DAYS = 90;
const MOST_ROWS = 1_000;

/** Deletes rejections after 7 days and their counts after 90, a bounded number at a time. Returns how many went. */
export async function pruneRejections(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(pruneSql, [KEPT_FOR_DAYS, MOST_ROWS]);
  await pool.query(pruneCounts, [COUNTED_FOR_DAYS, MOST_ROWS]);
  return rowCount ?? 0;
}

/** Source by source, for every index begins with the tenant; ids carry the time of receipt in their first 48 bits. */
const pruneSql = `
  with bound as (
    select rpad(lpad(to_hex(floor(extract(epoch from now() - make_interval(days => $1)) * 1000)::bigint), 12, '0'), 32, '0')::uuid
      as id
  ), expired as materialized (
    select r.tenant_id, r.id
    from bound b cross join sources s
    cross join lateral (
      select r.tenant_id, r.id from rejections r
      where r.tenant_id = s.tenant_id and r.source_id = s.id and r.id < b.id
      order by r.id limit $2
      for update skip locked
    ) r
    limit $2
  )
  delete from rejections r using expired x where r.tenant_id = x.tenant_id and r.id = x.id`;

const pruneCounts = `
  delete from rejection_counts where (tenant_id, source_id, day) in (
    select tenant_id, source_id, day from rejection_counts where day < now()::date - $1::integer limit $2
    for update skip locked
  )`;
