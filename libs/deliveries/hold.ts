import type pg from 'pg';
import type { EntityManager } from 'typeorm';

/** Holds what waits for a destination that was paused. What a worker is sending right now is finished by that worker. */
export async function holdForDestination(
  manager: EntityManager,
  tenantId: string,
  destinationId: string,
): Promise<void> {
  await manager.query(
    `update deliveries set status = 'held', due_at = null, next_attempt_at = null
     where tenant_id = $1 and destination_id = $2 and status = 'pending' and lease_id is null`,
    [tenantId, destinationId],
  );
}

/** Sends on what was held for a destination that is active again, except what its paused source still holds. */
export async function releaseForDestination(
  manager: EntityManager,
  tenantId: string,
  destinationId: string,
): Promise<void> {
  await manager.query(
    `update deliveries d set status = 'pending', due_at = now(), next_attempt_at = now()
     where d.tenant_id = $1 and d.destination_id = $2 and d.status = 'held'
       and not exists (
         select from sources s
         where s.tenant_id = d.tenant_id and s.id = d.source_id and s.status = 'paused' and s.deleted_at is null
       )`,
    [tenantId, destinationId],
  );
}

/**
 * Sends on whatever is held though neither its destination nor its source is paused: after a source became active
 * again, and for what was fanned out in the very moment of a change. Returns how many.
 */
export async function releaseHeld(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(`
    update deliveries d set status = 'pending', due_at = now(), next_attempt_at = now()
    from destinations t
    where d.status = 'held' and t.tenant_id = d.tenant_id and t.id = d.destination_id
      and t.status = 'active' and t.deleted_at is null
      and not exists (
        select from sources s
        where s.tenant_id = d.tenant_id and s.id = d.source_id and s.status = 'paused' and s.deleted_at is null
      )`);
  return rowCount ?? 0;
}

/** Puts a claimed delivery aside unsent: held while something is paused, cancelled when there is nothing to send it to. */
export async function setAside(
  pool: pg.Pool,
  delivery: { readonly tenant_id: string; readonly id: string },
  leaseId: string,
  status: 'held' | 'cancelled',
): Promise<void> {
  await pool.query(
    `update deliveries set status = $4, due_at = null, next_attempt_at = null, lease_id = null,
       finished_at = case when $4 = 'cancelled' then now() end
     where tenant_id = $1 and id = $2 and lease_id = $3 and status = 'pending'`,
    [delivery.tenant_id, delivery.id, leaseId, status],
  );
}
