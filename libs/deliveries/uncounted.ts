/**
 * A part of a statement: takes what a part `gone`, of (tenant_id, redelivery_id, status), has deleted out of the counts
 * of its orders, except what has succeeded, which stays counted. Orders are locked in turn: several may be in one
 * deletion.
 */
export const uncounted = `
  lost as materialized (
    select tenant_id, redelivery_id, count(*)::integer as count,
      count(*) filter (where status = 'failed')::integer as failed,
      count(*) filter (where status = 'cancelled')::integer as cancelled
    from gone where redelivery_id is not null and status <> 'succeeded' group by tenant_id, redelivery_id
  ), locked_orders as materialized (
    select r.tenant_id, r.id, l.count, l.failed, l.cancelled
    from lost l join redeliveries r on r.tenant_id = l.tenant_id and r.id = l.redelivery_id
    order by r.tenant_id, r.id for update of r
  ), uncounted as (
    update redeliveries r set made = r.made - l.count, total = r.total - l.count, failed = r.failed - l.failed,
      cancelled = r.cancelled - l.cancelled
    from locked_orders l where r.tenant_id = l.tenant_id and r.id = l.id
  )`;
