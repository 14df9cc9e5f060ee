import type pg from 'pg';
import type { ClaimedDelivery } from './claim.js';

/** Why a claimed delivery is not sent: something is paused, or there is nothing to send or nobody to send it to. */
export type Obstacle = 'held' | 'cancelled';

type Leased = Pick<ClaimedDelivery, 'tenant_id' | 'id' | 'lease_id'> & {
  readonly destination: { readonly id: string };
};

/**
 * Prolongs the leases of what is being sent; gives back the ids of those that still are this worker's. A row that is
 * locked is being recorded right now: waiting for it could be a deadlock, and it needs no lease any more.
 */
export async function renewLeases(
  pool: pg.Pool,
  deliveries: readonly Leased[],
  leaseSeconds: number,
): Promise<Set<string>> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'renew-leases',
    text: renew,
    values: [...columnsOf(deliveries), leaseSeconds],
  });
  return new Set(rows.map(({ id }) => id));
}

/** Gives back what was claimed and not sent, as if it had never been claimed; it is due again after `delaySeconds`. */
export async function giveBack(
  pool: pg.Pool,
  deliveries: readonly Leased[],
  delaySeconds = 0,
): Promise<void> {
  await pool.query({
    name: 'give-back',
    text: giveBackSql,
    values: [...columnsOf(deliveries), delaySeconds],
  });
}

/** Puts a claimed delivery aside unsent. */
export async function setAside(pool: pg.Pool, delivery: Leased, obstacle: Obstacle): Promise<void> {
  await pool.query({
    name: 'set-aside',
    text: setAsideSql,
    values: [...columnsOf([delivery]), obstacle],
  });
}

function columnsOf(deliveries: readonly Leased[]): string[][] {
  return [
    deliveries.map(({ tenant_id }) => tenant_id),
    deliveries.map(({ destination }) => destination.id),
    deliveries.map(({ id }) => id),
    deliveries.map(({ lease_id }) => lease_id),
  ];
}

// Only what is pending has a lease. To ask for `status = 'pending'` as well would be harmful: it lets the planner look ids
// up in the partial index of what is due, where they stand last.
const renew = `
  with mine as (
    select d.tenant_id, d.destination_id, d.id
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) as m (tenant_id, destination_id, id, lease_id)
    join deliveries d on d.tenant_id = m.tenant_id and d.destination_id = m.destination_id and d.id = m.id and d.lease_id = m.lease_id
    for update of d skip locked
  )
  update deliveries d set due_at = now() + make_interval(secs => $5)
  from mine where d.tenant_id = mine.tenant_id and d.destination_id = mine.destination_id and d.id = mine.id
  returning d.id`;

const giveBackSql = `
  update deliveries d
  set lease_id = null, due_at = now() + make_interval(secs => $5), attempt_count = d.attempt_count - 1
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) as m (tenant_id, destination_id, id, lease_id)
  where d.tenant_id = m.tenant_id and d.destination_id = m.destination_id and d.id = m.id and d.lease_id = m.lease_id`;

const setAsideSql = `
  update deliveries d
  set status = $5, lease_id = null, due_at = null, next_attempt_at = null, attempt_count = d.attempt_count - 1,
    finished_at = case when $5 = 'cancelled' then now() end
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) as m (tenant_id, destination_id, id, lease_id)
  where d.tenant_id = m.tenant_id and d.destination_id = m.destination_id and d.id = m.id and d.lease_id = m.lease_id`;
