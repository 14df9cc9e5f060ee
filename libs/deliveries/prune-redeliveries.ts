import type pg from 'pg';
import { idAtTime } from '#database';

const KEPT_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1_000;
const MOST_ROWS = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** The order that was looked at last. */
export interface RedeliveryPosition {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Deletes redeliveries older than a month of which no delivery is left, looking at some of them after `position`. Where
 * it got to, or `null` at the end.
 */
export async function pruneRedeliveries(
  pool: pg.Pool,
  nowMs: number,
  position: RedeliveryPosition | null,
): Promise<RedeliveryPosition | null> {
  const { rows } = await pool.query<{ tenant_id: string; id: string }>(deleteEmpty, [
    position?.tenantId ?? FIRST_ID,
    position?.id ?? FIRST_ID,
    idAtTime(nowMs - KEPT_DAYS * DAY_MS),
    MOST_ROWS,
  ]);
  const [last] = rows;
  return last === undefined ? null : { tenantId: last.tenant_id, id: last.id };
}

const deleteEmpty = `
  with looked_at as materialized (
    select tenant_id, id from redeliveries
    where (tenant_id, id) > ($1::uuid, $2::uuid) and id < $3::uuid
    order by tenant_id, id limit $4
  ), gone as (
    delete from redeliveries r using looked_at l
    where r.tenant_id = l.tenant_id and r.id = l.id and (r.stage is null or r.stage = 'settled') and not exists (
      select from deliveries d where d.tenant_id = l.tenant_id and d.redelivery_id = l.id offset 0
    )
  )
  select tenant_id, id from looked_at order by tenant_id desc, id desc limit 1`;
