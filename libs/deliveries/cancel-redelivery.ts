import type { Ask, OrderKey } from './bulk-order.js';

/** So many deliveries are cancelled by one statement. */
const MOST_ROWS = 5_000;

/**
 * Stops an order: what is not a delivery yet is given up at once, its deliveries are cancelled by
 * {@link cancelSome}. `false`: there was nothing left to stop.
 */
export async function stopOrder(ask: Ask, { tenantId, id }: OrderKey): Promise<boolean> {
  const rows = await ask(stop, [tenantId, id]);
  return rows.length > 0;
}

/** Cancels deliveries of a stopped order that nobody is sending; `true` when none is left that waits. */
export async function cancelSome(ask: Ask, { tenantId, id }: OrderKey): Promise<boolean> {
  await ask(cancelWaiting, [tenantId, id, MOST_ROWS]);
  const rows = await ask(`select from deliveries where ${isWaiting} limit 1`, [tenantId, id]);
  return rows.length === 0;
}

/** SQL for the deliveries of an order that are not over. */
export const isWaiting = `tenant_id = $1 and redelivery_id = $2 and status in ('pending', 'held') and status <> 'succeeded'`;

// First the order, under its lock: nobody makes deliveries of it any more.
const stop = `
  with locked as materialized (
    select tenant_id, id from redeliveries where tenant_id = $1 and id = $2 and cancelled_at is null for update
  ), stopped as (
    update redeliveries r set cancelled_at = now(), stage = 'cancelling', dropped = r.dropped + r.waiting, waiting = 0
    from locked l
    where r.tenant_id = l.tenant_id and r.id = l.id
      and (r.waiting > 0 or r.stage = 'collecting' or exists (select from deliveries where ${isWaiting}))
    returning r.tenant_id, r.id
  ), given_up as (
    delete from redelivery_batches b using stopped s where b.tenant_id = s.tenant_id and b.redelivery_id = s.id
  )
  select id from stopped`;

/** What a dead worker was sending is not sent again; what is given back unsent waits once more, and is cancelled then. */
const cancelWaiting = `
  with chosen as (
    select id, destination_id from deliveries
    where ${isWaiting} and (lease_id is null or due_at <= now())
    limit $3 for update skip locked
  ), cancelled as (
    update deliveries d
    set status = 'cancelled', due_at = null, next_attempt_at = null, lease_id = null, finished_at = now()
    from chosen c where d.tenant_id = $1 and d.destination_id = c.destination_id and d.id = c.id
    returning 1
  )
  select count(*)::integer as count from cancelled`;
