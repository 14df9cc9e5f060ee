import type { EntityManager } from 'typeorm';
import { newId } from '#database';
import type { Target } from './bulk-targets.js';

/** A redelivery that is being written. */
export interface OrderKey {
  readonly tenantId: string;
  readonly id: string;
}

/** Writes the order itself, before its deliveries. */
export async function insertOrder(manager: EntityManager, { tenantId, id }: OrderKey): Promise<void> {
  await manager.query(
    'insert into redeliveries (tenant_id, id, total, created_at) values ($1, $2, 0, now())',
    [tenantId, id],
  );
}

/** Writes how many deliveries an order has come to. */
export async function setTotal(
  manager: EntityManager,
  { tenantId, id }: OrderKey,
  total: number,
): Promise<void> {
  await manager.query('update redeliveries set total = $3 where tenant_id = $1 and id = $2', [
    tenantId,
    id,
    total,
  ]);
}

/** Writes deliveries of an order. Ids are made in the order of `targets`, and workers take what is due at the same time in the order of ids. */
export async function insertTargets(
  manager: EntityManager,
  { tenantId, id }: OrderKey,
  targets: readonly Target[],
  before: { readonly total: number; readonly perSecond: number | undefined },
): Promise<void> {
  const delayOf = (index: number): number =>
    before.perSecond === undefined ? 0 : Math.round(((before.total + index) * 1_000) / before.perSecond);
  await manager.query(insertRedelivered, [
    tenantId,
    id,
    targets.map(() => newId()),
    targets.map(({ event_id }) => event_id),
    targets.map(({ source_id }) => source_id),
    targets.map(({ destination_id }) => destination_id),
    targets.map((_target, index) => delayOf(index)),
  ]);
}

const insertRedelivered = `
  insert into deliveries (
    tenant_id, id, redelivery_id, event_id, source_id, destination_id, status, next_attempt_at, due_at, created_at
  )
  select $1, d.id, $2, d.event_id, d.source_id, d.destination_id,
    case when state.held then 'held' else 'pending' end,
    case when not state.held then state.due_at end,
    case when not state.held then state.due_at end,
    now()
  from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::double precision[])
    as d (id, event_id, source_id, destination_id, delay_ms)
  join destinations t on t.tenant_id = $1 and t.id = d.destination_id
  join sources s on s.tenant_id = $1 and s.id = d.source_id
  cross join lateral (
    select t.status = 'paused' or (s.status = 'paused' and s.deleted_at is null) as held,
      now() + make_interval(secs => d.delay_ms / 1000) as due_at
  ) state`;
