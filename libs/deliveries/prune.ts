import type pg from 'pg';

const DEFAULT_RETENTION_DAYS = 30;
const MOST_ROWS = 1_000;

/**
 * Deletes events past the retention of their source, with all that became of them, and dedupe keys whose window has
 * ended; a bounded number at a time, so that it never holds locks for long. Returns how many events went.
 */
export async function prune(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(pruneEvents, [DEFAULT_RETENTION_DAYS, MOST_ROWS]);
  await pool.query(pruneDedupeKeys, [MOST_ROWS]);
  return rowCount ?? 0;
}

/**
 * Ids carry the time of receipt in their first 48 bits, so the bound is one on the id: a range of the index and of the
 * partitions. A bound on \`received_at\` would read every event of a source that has none to delete.
 */
const pruneEvents = `
  with expired as materialized (
    select e.tenant_id, e.id
    from sources s
    cross join lateral (
      select now() - make_interval(days => coalesce((s.config ->> 'retention_days')::integer, $1)) as at
    ) bound
    cross join lateral (
      select e.tenant_id, e.id from events e
      where e.tenant_id = s.tenant_id and e.source_id = s.id
        and e.id < rpad(lpad(to_hex(floor(extract(epoch from bound.at) * 1000)::bigint), 12, '0'), 32, '0')::uuid
      order by e.id limit $2
      for update skip locked
    ) e
    limit $2
  ), contents as (
    delete from event_contents c using expired x where c.tenant_id = x.tenant_id and c.id = x.id
  ), obligations as (
    delete from fan_outs f using expired x where f.tenant_id = x.tenant_id and f.event_id = x.id
  ), gone as (
    delete from deliveries d using expired x where d.tenant_id = x.tenant_id and d.event_id = x.id
    returning d.tenant_id, d.id
  ), tried as (
    delete from attempts a using gone g where a.tenant_id = g.tenant_id and a.delivery_id = g.id
  )
  delete from events e using expired x where e.tenant_id = x.tenant_id and e.id = x.id`;

const pruneDedupeKeys = `
  delete from dedupe_keys where (tenant_id, source_id, dedupe_key) in (
    select tenant_id, source_id, dedupe_key from dedupe_keys where expires_at < now() limit $1
    for update skip locked
  )`;
