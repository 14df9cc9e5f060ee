import type pg from 'pg';
import { idAtTime } from '#database';
import type { TimeRange } from '#events';
import { uncounted } from './uncounted.js';

/** Of a source whose config says nothing. */
export const DEFAULT_RETENTION_DAYS = 30;

/** The shortest and the longest retention of any source, in days. */
export async function retentionSpan(
  pool: pg.Pool,
): Promise<{ readonly shortest: number; readonly longest: number }> {
  const { rows } = await pool.query<{ shortest: number | null; longest: number | null }>(
    `select min(days)::integer as shortest, max(days)::integer as longest from (${retentionOfSources}) s`,
    [DEFAULT_RETENTION_DAYS],
  );
  return {
    shortest: rows[0]?.shortest ?? DEFAULT_RETENTION_DAYS,
    longest: rows[0]?.longest ?? DEFAULT_RETENTION_DAYS,
  };
}

/** The longest retention of the sources that have events of this time, in days; `null` when there are no such events. */
export async function longestRetention(pool: pg.Pool, range: TimeRange): Promise<number | null> {
  const { rows } = await pool.query<{ days: number }>(findLongestRetention, [
    DEFAULT_RETENTION_DAYS,
    idAtTime(range.fromMs),
    idAtTime(range.toMs),
  ]);
  return rows[0]?.days ?? null;
}

/**
 * Deletes some events of a time that are past the retention of their source, with all that became of them, except those
 * that a drop at `droppedAtMs` spares the trouble within a day. Returns how many went.
 */
export async function deleteExpired(
  pool: pg.Pool,
  range: TimeRange,
  {
    nowMs,
    droppedAtMs,
    mostRows,
  }: { readonly nowMs: number; readonly droppedAtMs: number; readonly mostRows: number },
): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(deleteSome, [
    DEFAULT_RETENTION_DAYS,
    idAtTime(range.fromMs),
    idAtTime(range.toMs),
    Math.min(nowMs, droppedAtMs - DAY_MS),
    mostRows,
  ]);
  return rows[0]?.count ?? 0;
}

/**
 * Deletes some deliveries, and counts of duplicates, of events that went with their partitions: those whose events would
 * lie in `gap`, where there is no partition. Returns how many went.
 */
export async function deleteOrphans(pool: pg.Pool, gap: TimeRange, mostRows: number): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(deleteOrphansOfGap, [
    idAtTime(gap.fromMs),
    idAtTime(gap.toMs),
    mostRows,
  ]);
  return rows[0]?.count ?? 0;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Deleted sources are rows still: their events stay for as long as the others'. */
const retentionOfSources = `
  select tenant_id, id, coalesce((config ->> 'retention_days')::integer, $1) as days from sources`;

/** From the longest on: the first source that has an event is the answer, so mostly one look is enough. */
const findLongestRetention = `
  select s.days from (${retentionOfSources} order by days desc offset 0) s
  cross join lateral (
    select from events e
    where e.tenant_id = s.tenant_id and e.source_id = s.id and e.id >= $2::uuid and e.id < $3::uuid limit 1
  ) found
  limit 1`;

/**
 * Ids carry the time of receipt in their first 48 bits, so the bound is one on the id, for each source its own. The
 * bounds of the partition stand by every table, so that no other partition is opened.
 */
const deleteSome = `
  with expired as materialized (
    select e.tenant_id, e.id
    from (
      select *, greatest($4::float8 - days * ${DAY_MS}::float8, 0)::bigint as before_ms from (${retentionOfSources}) r
    ) s
    cross join lateral (select (rpad(lpad(to_hex(s.before_ms), 12, '0'), 32, '0'))::uuid as id) bound
    cross join lateral (
      select e.tenant_id, e.id from events e
      where e.tenant_id = s.tenant_id and e.source_id = s.id
        and e.id >= $2::uuid and e.id < $3::uuid and e.id < bound.id
      order by e.id limit $5
      for update skip locked
    ) e
    where bound.id > $2::uuid
    limit $5
  ), contents as (
    delete from event_contents c using expired x
    where c.tenant_id = x.tenant_id and c.id = x.id and c.id >= $2::uuid and c.id < $3::uuid
  ), counts as (
    delete from duplicate_counts c using expired x where c.tenant_id = x.tenant_id and c.event_id = x.id
  ), gone as (
    delete from deliveries d using expired x where d.tenant_id = x.tenant_id and d.event_id = x.id
    returning d.tenant_id, d.id, d.redelivery_id, d.status
  ), ${uncounted}, tried as (
    delete from attempts a using gone g where a.tenant_id = g.tenant_id and a.delivery_id = g.id
  ), deleted as (
    delete from events e using expired x
    where e.tenant_id = x.tenant_id and e.id = x.id and e.id >= $2::uuid and e.id < $3::uuid
    returning 1
  )
  select count(*)::integer as count from deleted`;

/** The indexes on a tenant's event ids lead from one orphan to the next: without any, one look for each tenant. */
const deleteOrphansOfGap = `
  with orphans as materialized (
    select d.tenant_id, d.id from tenants t cross join lateral (
      select tenant_id, id from deliveries
      where tenant_id = t.id and event_id >= $1::uuid and event_id < $2::uuid
      limit $3 for update skip locked
    ) d
    limit $3
  ), tried as (
    delete from attempts a using orphans o where a.tenant_id = o.tenant_id and a.delivery_id = o.id
  ), gone as (
    delete from deliveries d using orphans o where d.tenant_id = o.tenant_id and d.id = o.id
    returning d.tenant_id, d.redelivery_id, d.status
  ), ${uncounted}, counts as (
    delete from duplicate_counts c using (
      select c.tenant_id, c.event_id from tenants t cross join lateral (
        select tenant_id, event_id from duplicate_counts
        where tenant_id = t.id and event_id >= $1::uuid and event_id < $2::uuid
        limit $3
      ) c
      limit $3
    ) o
    where c.tenant_id = o.tenant_id and c.event_id = o.event_id
    returning 1
  )
  select (select count(*) from gone)::integer + (select count(*) from counts)::integer as count`;
