import type { Ask, Criteria, OrderKey } from './bulk-order.js';
import { newId } from '#database';

/** One event on its way to one destination once more. */
export interface Target {
  readonly event_id: string;
  readonly source_id: string;
  readonly destination_id: string;
}

/** Writes an order that has collected nothing yet. */
export async function insertBulkOrder(
  ask: Ask,
  { tenantId, id }: OrderKey,
  criteria: Criteria,
  perSecond: number | undefined,
): Promise<void> {
  await ask(
    `insert into redeliveries (tenant_id, id, stage, criteria, per_second, collected_to, total, made, created_at)
     values ($1, $2, 'collecting', $3::jsonb, $4, $5, 0, 0, now())`,
    [tenantId, id, JSON.stringify(criteria), perSecond ?? null, criteria.afterId],
  );
}

/** Writes an order with all its deliveries. */
export async function insertOrder(
  ask: Ask,
  { tenantId, id }: OrderKey,
  targets: readonly Target[],
): Promise<void> {
  await ask(
    'insert into redeliveries (tenant_id, id, total, made, created_at) values ($1, $2, $3, $3, now())',
    [tenantId, id, targets.length],
  );
  await insertTargets(ask, { tenantId, id }, targets, () => 0);
}

/** Writes deliveries of an order. Ids are made in the order of `targets`, and workers take what is due at the same time in the order of ids. */
export async function insertTargets(
  ask: Ask,
  { tenantId, id }: OrderKey,
  targets: readonly Target[],
  delayMsOf: (index: number) => number,
): Promise<void> {
  await ask(insertRedelivered, [
    tenantId,
    id,
    targets.map(() => newId()),
    targets.map(({ event_id }) => event_id),
    targets.map(({ source_id }) => source_id),
    targets.map(({ destination_id }) => destination_id),
    targets.map((_target, index) => delayMsOf(index)),
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
