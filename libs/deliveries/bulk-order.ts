import { idAtTime } from '#database';
import type { Destination } from './destination.entity.js';
import { likePatternOf } from './matches.js';

/** Which events are delivered again; what is absent does not matter. */
export interface BulkFilter {
  readonly sourceIds?: readonly string[] | undefined;
  readonly type?: string | undefined;
  readonly runId?: string | undefined;
  readonly receivedAfter?: Date | undefined;
  readonly receivedBefore?: Date | undefined;
  /** By event and destination. `failed`: the latest delivery has failed; `never`: there is none but cancelled ones. */
  readonly deliveryStatus?: 'failed' | 'never' | undefined;
}

/** An order for all events that match a filter. */
export interface BulkOrder {
  readonly filter: BulkFilter;
  readonly destinationId: string | undefined;
  /** Spreads the deliveries over time; `undefined`: as fast as the destinations take them. */
  readonly perSecond: number | undefined;
}

/** An order's key. */
export interface OrderKey {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * What an order means, settled when it is given and kept with it as JSON: destinations that are made or changed and
 * events that arrive later do not change it.
 */
export interface Criteria {
  readonly sourceIds: readonly string[] | null;
  readonly type: string | null;
  readonly runId: string | null;
  readonly receivedAfter: string | null;
  readonly receivedBefore: string | null;
  readonly deliveryStatus: 'failed' | 'never' | null;
  /** Ids of its events lie between these. */
  readonly afterId: string;
  readonly beforeId: string;
  readonly destinations: readonly CriteriaDestination[];
}

/** A destination of an order, and which events it gets. */
export interface CriteriaDestination {
  readonly id: string;
  readonly source_ids: readonly string[] | null;
  /** For `like`. */
  readonly patterns: readonly string[] | null;
  /** Whether it gets every event, whatever it has subscribed to. */
  readonly is_named: boolean;
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** What an order means now. */
export function criteriaOf(
  { filter, destinationId }: BulkOrder,
  destinations: readonly Destination[],
  nowMs: number,
): Criteria {
  // Events that arrive from now on are delivered anyway.
  const untilMs = Math.min(nowMs, filter.receivedBefore?.getTime() ?? nowMs);
  return {
    sourceIds: filter.sourceIds ?? null,
    type: filter.type ?? null,
    runId: filter.runId ?? null,
    receivedAfter: filter.receivedAfter?.toISOString() ?? null,
    receivedBefore: filter.receivedBefore?.toISOString() ?? null,
    deliveryStatus: filter.deliveryStatus ?? null,
    afterId: filter.receivedAfter === undefined ? FIRST_ID : idAtTime(filter.receivedAfter.getTime()),
    beforeId: idAtTime(untilMs + 1),
    destinations: destinations.map(({ id, source_ids, types }) => ({
      id,
      source_ids,
      patterns: types?.map(likePatternOf) ?? null,
      is_named: destinationId !== undefined,
    })),
  };
}

/** Asks the database; statements end in a `select`, which every driver answers with rows. */
export type Ask = <Row>(sql: string, parameters: readonly unknown[]) => Promise<Row[]>;

// `offset 0` keeps the destination out of the look-up: an event has few deliveries, a destination has very many.
const deliveriesOfEvent = `(
  select id, destination_id, status from deliveries where tenant_id = $1 and event_id = t.event_id offset 0
)`;

const conditions = {
  failed: `(
    select d.status from ${deliveriesOfEvent} d where d.destination_id = t.destination_id order by d.id desc limit 1
  ) = 'failed'`,
  never: `not exists (
    select from ${deliveriesOfEvent} d where d.destination_id = t.destination_id and d.status <> 'cancelled'
  )`,
};

/** SQL for whether `t.event_id` has that status at `t.destination_id`; `$1` is the tenant. */
export function hasStatus(status: Criteria['deliveryStatus']): string {
  return status === null ? 'true' : conditions[status];
}
