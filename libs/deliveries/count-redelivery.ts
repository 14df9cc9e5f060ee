import type { Ask, OrderKey } from './bulk-order.js';
import type { DeliveryStatus } from './delivery-row.js';

/** An order to deliver again, and how far it has come. */
export interface RedeliverySummary {
  readonly id: string;
  /** `expanding`: its events are still being collected, so that `total` grows. */
  readonly status: 'expanding' | 'pending' | 'completed' | 'cancelled';
  readonly total: number;
  readonly pending: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly created_at: Date;
}

/** With its first deliveries, in the order in which they are sent. */
export interface RedeliveryView extends RedeliverySummary {
  readonly deliveries: readonly {
    readonly id: string;
    readonly event_id: string;
    readonly destination_id: string;
    readonly status: DeliveryStatus;
  }[];
}

const MOST_SHOWN = 1_000;

/**
 * For this transaction. How many deliveries an order has is nothing that the planner can know: it expects a few, and would
 * read all of a million from the table, to sort them or to count what the index alone can count.
 */
export const BY_INDEX = `select set_config('enable_bitmapscan', 'off', true)`;

/** An order, or `undefined`. */
export async function findRedelivery(
  ask: Ask,
  { tenantId, id }: OrderKey,
): Promise<RedeliveryView | undefined> {
  await ask(BY_INDEX, []);
  const [redelivery] = await ask<RedeliveryView>(
    `${selectRedeliveries('shown.deliveries,')} cross join lateral (
       select coalesce(json_agg(d), '[]') as deliveries from (
         select id, event_id, destination_id, status from deliveries
         where tenant_id = r.tenant_id and redelivery_id = r.id order by id limit ${MOST_SHOWN}
       ) d
     ) shown
     where r.tenant_id = $1 and r.id = $2`,
    [tenantId, id],
  );
  return redelivery;
}

/** Orders of a tenant before an id, newest first. */
export async function listRedeliveries(
  ask: Ask,
  tenantId: string,
  before: string | null,
  limit: number,
): Promise<RedeliverySummary[]> {
  await ask(BY_INDEX, []);
  return ask<RedeliverySummary>(
    `${selectRedeliveries('')} where r.tenant_id = $1 and ($2::uuid is null or r.id < $2) order by r.id desc limit $3`,
    [tenantId, before, limit],
  );
}

/** Keeps the counts of an order of which no delivery waits any more; `false`: one does. */
export async function settleCounts(ask: Ask, { tenantId, id }: OrderKey): Promise<boolean> {
  const rows = await ask(
    `with settled as (
       update redeliveries r set stage = 'settled', succeeded = ${madeOf} - open.count, failed = open.failed,
         cancelled = open.cancelled
       from (select ${openCounts} from deliveries d where d.tenant_id = $1 and d.redelivery_id = $2 and d.status <> 'succeeded') open
       where r.tenant_id = $1 and r.id = $2 and open.pending = 0
       returning 1
     )
     select from settled`,
    [tenantId, id],
  );
  return rows.length > 0;
}

const openCounts = `
  count(*)::integer as count,
  count(*) filter (where d.status in ('pending', 'held'))::integer as pending,
  count(*) filter (where d.status = 'failed')::integer as failed,
  count(*) filter (where d.status = 'cancelled')::integer as cancelled`;

const madeOf = `coalesce(r.made, (
  select count(*) from deliveries d where d.tenant_id = r.tenant_id and d.redelivery_id = r.id
)::integer)`;

/**
 * Those that have not succeeded are counted, in an index of their own; the rest of what was made has succeeded. An order
 * that is over is not counted again.
 */
const selectRedeliveries = (more: string): string => `
  select ${more} r.id, r.total, r.created_at, c.pending, c.succeeded, c.failed, c.cancelled,
    case when r.cancelled_at is not null then 'cancelled' when r.stage = 'collecting' then 'expanding'
      when c.pending > 0 then 'pending' else 'completed' end as status
  from redeliveries r cross join lateral (
    select ${openCounts} from deliveries d
    where d.tenant_id = r.tenant_id and d.redelivery_id = r.id and d.status <> 'succeeded'
      and r.stage is distinct from 'settled'
  ) open cross join lateral (
    select r.waiting + open.pending as pending,
      case when r.stage = 'settled' then r.succeeded else ${madeOf} - open.count end as succeeded,
      case when r.stage = 'settled' then r.failed else open.failed end as failed,
      r.dropped + case when r.stage = 'settled' then r.cancelled else open.cancelled end as cancelled
  ) c`;
