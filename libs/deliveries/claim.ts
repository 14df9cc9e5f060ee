import type pg from 'pg';
import type { Destination } from './destination.entity.js';

/** A delivery that this worker may send until its lease ends, with all that sending it needs. */
export interface ClaimedDelivery {
  readonly tenant_id: string;
  readonly id: string;
  readonly event_id: string;
  readonly source_id: string;
  readonly attempt_count: number;
  readonly destination: Destination;
  /** Whether the destination or the source has been paused, or the destination deleted, since it was made due. */
  readonly is_paused: boolean;
  readonly is_deleted: boolean;
}

interface ClaimOptions {
  /** The worker's own id: a fencing token, checked when the result is recorded. */
  readonly leaseId: string;
  readonly leaseSeconds: number;
  readonly most: number;
  readonly mostPerDestination: number;
  /** Destinations that this worker cannot send more to right now. */
  readonly except: readonly string[];
}

/** Claims due deliveries, fairly: the oldest few of every destination that has any, before more of the same one. */
export async function claimDue(pool: pg.Pool, options: ClaimOptions): Promise<ClaimedDelivery[]> {
  const { rows } = await pool.query<ClaimedDelivery>({
    name: 'claim-deliveries',
    text: claim,
    values: [options.leaseId, options.leaseSeconds, options.most, options.mostPerDestination, options.except],
  });
  return rows.map((row) => ({ ...row, destination: revive(row.destination) }));
}

/** Prolongs the leases of what is being sent. */
export async function renewLeases(
  pool: pg.Pool,
  lease: { readonly leaseId: string; readonly leaseSeconds: number },
  deliveries: readonly { readonly tenant_id: string; readonly id: string }[],
): Promise<void> {
  await pool.query({
    name: 'renew-leases',
    text: renew,
    values: [
      lease.leaseId,
      lease.leaseSeconds,
      deliveries.map(({ tenant_id }) => tenant_id),
      deliveries.map(({ id }) => id),
    ],
  });
}

/** Gives back what this worker has claimed and not sent, when it stops. */
export async function releaseLeases(pool: pg.Pool, leaseId: string): Promise<void> {
  await pool.query(
    `update deliveries set lease_id = null, due_at = now() where lease_id = $1 and status = 'pending'`,
    [leaseId],
  );
}

/** A bytea inside JSON comes as text. */
function revive(destination: Destination): Destination {
  const hex = destination.headers_ciphertext as unknown as string | null;
  return { ...destination, headers_ciphertext: hex === null ? null : Buffer.from(hex.slice(2), 'hex') };
}

/**
 * The recursive part walks the index from one destination with pending deliveries to the next, so that its cost grows
 * with the number of such destinations and not with their backlog, and a long backlog starves nobody.
 */
const claim = `
  with recursive backlog as (
    (select tenant_id, destination_id from deliveries where status = 'pending' order by tenant_id, destination_id limit 1)
    union all
    select following.tenant_id, following.destination_id
    from backlog b cross join lateral (
      select d.tenant_id, d.destination_id from deliveries d
      where d.status = 'pending' and (d.tenant_id, d.destination_id) > (b.tenant_id, b.destination_id)
      order by d.tenant_id, d.destination_id limit 1
    ) following
  ), due as (
    select oldest.tenant_id, oldest.id
    from backlog b cross join lateral (
      select d.tenant_id, d.id from deliveries d
      where d.tenant_id = b.tenant_id and d.destination_id = b.destination_id and d.status = 'pending' and d.due_at <= now()
      order by d.due_at limit $4
      for update skip locked
    ) oldest
    where b.destination_id <> all ($5::uuid[])
    limit $3
  ), claimed as (
    update deliveries d set lease_id = $1, due_at = now() + make_interval(secs => $2)
    from due where d.tenant_id = due.tenant_id and d.id = due.id
    returning d.tenant_id, d.id, d.event_id, d.source_id, d.destination_id, d.attempt_count
  )
  select c.tenant_id, c.id, c.event_id, c.source_id, c.attempt_count, to_jsonb(t) as destination,
    t.status = 'paused' or (s.status = 'paused' and s.deleted_at is null) as is_paused,
    t.deleted_at is not null as is_deleted
  from claimed c
  join destinations t on t.tenant_id = c.tenant_id and t.id = c.destination_id
  join sources s on s.tenant_id = c.tenant_id and s.id = c.source_id`;

const renew = `
  update deliveries d set due_at = now() + make_interval(secs => $2)
  from unnest($3::uuid[], $4::uuid[]) as mine (tenant_id, id)
  where d.tenant_id = mine.tenant_id and d.id = mine.id and d.lease_id = $1 and d.status = 'pending'`;
