import type { EntityManager } from 'typeorm';
import { idAtTime } from '#database';
import type { Destination } from './destination.entity.js';
import { matches } from './matches.js';

/** Which events are delivered again; what is absent does not matter. */
export interface BulkFilter {
  readonly sourceIds?: readonly string[] | undefined;
  readonly type?: string | undefined;
  readonly receivedAfter?: Date | undefined;
  readonly receivedBefore?: Date | undefined;
  /** By event and destination. `failed`: the latest delivery has failed; `never`: there is none but cancelled ones. */
  readonly deliveryStatus?: 'failed' | 'never' | undefined;
}

/** One event on its way to one destination once more. */
export interface Target {
  readonly event_id: string;
  readonly source_id: string;
  readonly destination_id: string;
}

/** An order for all events that match a filter. */
export interface BulkOrder {
  readonly filter: BulkFilter;
  readonly destinationId: string | undefined;
  /** Spreads the deliveries over time; `undefined`: all are due at once. */
  readonly perSecond: number | undefined;
}

interface EventKey {
  readonly id: string;
  readonly source_id: string;
  readonly type: string | null;
}

const MOST_EVENTS = 5_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** What a bulk order means, oldest event first, in chunks that keep statements short and memory small. */
export async function* bulkTargets(
  manager: EntityManager,
  tenantId: string,
  { filter, destinationId }: BulkOrder,
  destinations: readonly Destination[],
): AsyncGenerator<Target[]> {
  // Events that arrive while the order is being written are delivered anyway.
  const before = idAtTime((filter.receivedBefore?.getTime() ?? Date.now()) + 1);
  let after = filter.receivedAfter === undefined ? FIRST_ID : idAtTime(filter.receivedAfter.getTime());
  for (;;) {
    const events = await manager.query<EventKey[]>(selectEvents, [
      tenantId,
      filter.sourceIds ?? null,
      filter.type ?? null,
      filter.receivedAfter ?? null,
      filter.receivedBefore ?? null,
      after,
      before,
      MOST_EVENTS,
    ]);
    const targets = events.flatMap((event) =>
      destinations
        .filter((destination) => destinationId !== undefined || matches(destination, event))
        .map(({ id }) => ({ event_id: event.id, source_id: event.source_id, destination_id: id })),
    );
    const wanted = await withStatus(manager, tenantId, targets, filter.deliveryStatus);
    if (wanted.length > 0) yield wanted;
    const last = events.at(-1);
    if (last === undefined || events.length < MOST_EVENTS) return;
    after = last.id;
  }
}

async function withStatus(
  manager: EntityManager,
  tenantId: string,
  targets: Target[],
  status: BulkFilter['deliveryStatus'],
): Promise<Target[]> {
  if (status === undefined || targets.length === 0) return targets;
  const rows = await manager.query<{ position: number }[]>(
    `select t.position::integer as position
     from unnest($2::uuid[], $3::uuid[]) with ordinality as t (event_id, destination_id, position)
     where ${status === 'failed' ? latestHasFailed : wasNeverSent}
     order by t.position`,
    [tenantId, targets.map(({ event_id }) => event_id), targets.map(({ destination_id }) => destination_id)],
  );
  return rows.flatMap(({ position }) => targets.slice(position - 1, position));
}

// The bounds on the id let PostgreSQL pass over whole partitions; the id's time is the time of receipt.
const selectEvents = `
  select id, source_id, type from events
  where tenant_id = $1 and ($2::uuid[] is null or source_id = any($2)) and ($3::text is null or type = $3)
    and ($4::timestamptz is null or received_at > $4) and ($5::timestamptz is null or received_at < $5)
    and id > $6 and id < $7
  order by id limit $8`;

// `offset 0` keeps the destination out of the look-up: an event has few deliveries, a destination has very many.
const deliveriesOfEvent = `(
  select id, destination_id, status from deliveries where tenant_id = $1 and event_id = t.event_id offset 0
)`;

const latestHasFailed = `(
  select d.status from ${deliveriesOfEvent} d where d.destination_id = t.destination_id order by d.id desc limit 1
) = 'failed'`;

const wasNeverSent = `not exists (
  select from ${deliveriesOfEvent} d where d.destination_id = t.destination_id and d.status <> 'cancelled'
)`;
