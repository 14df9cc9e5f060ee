import { type Ask, type Criteria, hasStatus, type OrderKey } from './bulk-order.js';
import { insertTargets, type Target } from './insert-redelivery.js';

/** An order whose row is locked by this transaction. */
export interface LockedOrder extends OrderKey {
  readonly criteria: Criteria;
  readonly perSecond: number | null;
  /** Deliveries of it so far. */
  readonly made: number;
  /** With `perSecond`: how long until the next delivery, as of the beginning of the transaction. */
  readonly nextSlotMs: number;
}

/** How many deliveries a destination may have waiting. */
export interface Room {
  /** How many more it may have, given how many are due there. */
  places(destinationId: string, due: number): number;
  /** Told how many are due there now that some have been made. */
  filled(destinationId: string, due: number): void;
}

interface Stream {
  readonly destination_id: string;
  readonly is_gone: boolean;
  readonly due: number;
}

/** A target, and the batch that it was taken from. */
interface Pick extends Target {
  readonly first_event_id: string;
}

/** Looked at together for one destination, and made deliveries of by one statement. */
export const MOST_FED = 2_000;
/** Paced deliveries are made so far ahead, which is longer than it takes to look again, and all that a stop can pile up. */
const AHEAD_MS = 1_000;
/** Longer orders are counted once and for all when they are over. */
const COUNTED_LIVE = 1_000;
/** An order rests while so many of its deliveries, and half of all, have failed and wait for another attempt. */
const FEWEST_CROWDED = 10_000;
const MOST_CROWDED = 50_000;

/**
 * Makes deliveries of what an order has collected: oldest event first, no more than its destinations and its
 * `per_second` have room for, and nothing for what is paused. All in the transaction that takes them from the order, so
 * each becomes a delivery once. Returns how many were taken.
 */
export async function feedStep(ask: Ask, order: LockedOrder, room: Room): Promise<number> {
  const streams = await ask<Stream>(findStreams, [order.tenantId, order.id, MOST_FED]);
  const gone = streams.filter(({ is_gone }) => is_gone).map(({ destination_id }) => destination_id);
  const dropped = gone.length === 0 ? 0 : await drop(ask, order, gone);
  const rooms = streams
    .filter(({ is_gone }) => !is_gone)
    .map(({ destination_id: id, due }) => ({ id, due, places: room.places(id, due) }))
    .filter(({ places }) => places > 0);
  const slots = (await isCrowded(ask, order)) ? 0 : slotsOf(order);
  const picks =
    slots > 0 && rooms.length > 0
      ? await ask<Pick>(pickOldest, [
          order.tenantId,
          order.id,
          rooms.map(({ id }) => id),
          rooms.map(({ places }) => places),
          slots,
        ])
      : [];
  const made = picks.length === 0 ? 0 : await makeDeliveries(ask, order, picks);
  for (const { id, due } of rooms) {
    const count = picks.filter(({ destination_id }) => destination_id === id).length;
    if (count > 0) room.filled(id, due + count);
  }
  await ask(noteFed, [
    order.tenantId,
    order.id,
    { taken: picks.length, made, dropped },
    order.perSecond === null || made === 0 ? null : order.nextSlotMs + (made * 1_000) / order.perSecond,
    COUNTED_LIVE,
  ]);
  return picks.length + dropped;
}

function slotsOf({ perSecond, nextSlotMs }: LockedOrder): number {
  if (perSecond === null) return MOST_FED;
  const slots = Math.floor(((AHEAD_MS - nextSlotMs) * perSecond) / 1_000) + 1;
  return Math.min(Math.max(slots, 0), MOST_FED);
}

/** A destination that refuses everything need not refuse a million first. */
async function isCrowded(ask: Ask, { tenantId, id, made }: LockedOrder): Promise<boolean> {
  const most = Math.max(FEWEST_CROWDED, Math.min(made / 2, MOST_CROWDED));
  if (made < most) return false;
  const rows = await ask(
    `select from deliveries
     where tenant_id = $1 and redelivery_id = $2 and status = 'pending' and status <> 'succeeded'
     offset $3 limit 1`,
    [tenantId, id, Math.ceil(most)],
  );
  return rows.length > 0;
}

/** What has been erased meanwhile, or has changed its status by another order or by itself, is passed over. */
async function makeDeliveries(ask: Ask, order: LockedOrder, picks: readonly Pick[]): Promise<number> {
  const rows = await ask<{ position: number }>(stillWanted(order.criteria.deliveryStatus), [
    order.tenantId,
    picks.map(({ event_id }) => event_id),
    picks.map(({ destination_id }) => destination_id),
  ]);
  const wanted = rows.flatMap(({ position }) => picks.slice(position - 1, position));
  const { perSecond, nextSlotMs } = order;
  if (wanted.length > 0)
    await insertTargets(ask, order, wanted, (index) =>
      perSecond === null ? 0 : nextSlotMs + (index * 1_000) / perSecond,
    );
  await take(ask, order, picks);
  return wanted.length;
}

async function take(ask: Ask, { tenantId, id }: OrderKey, picks: readonly Pick[]): Promise<void> {
  const counts = new Map<string, { readonly pick: Pick; count: number }>();
  for (const pick of picks) {
    const key = [pick.destination_id, pick.source_id, pick.first_event_id].join();
    const entry = counts.get(key) ?? { pick, count: 0 };
    entry.count += 1;
    counts.set(key, entry);
  }
  const batches = [...counts.values()];
  await ask(takeFromBatches, [
    tenantId,
    id,
    batches.map(({ pick }) => pick.destination_id),
    batches.map(({ pick }) => pick.source_id),
    batches.map(({ pick }) => pick.first_event_id),
    batches.map(({ count }) => count),
  ]);
}

async function drop(
  ask: Ask,
  { tenantId, id }: OrderKey,
  destinationIds: readonly string[],
): Promise<number> {
  const [row] = await ask<{ count: number }>(
    `with gone as (
       delete from redelivery_batches
       where tenant_id = $1 and redelivery_id = $2 and destination_id = any($3::uuid[]) returning size - taken as count
     )
     select coalesce(sum(count), 0)::integer as count from gone`,
    [tenantId, id, destinationIds],
  );
  return row?.count ?? 0;
}

/** The streams of an order, one for each destination and source: the index is walked from one to the next. */
const streams = `
  streams as (
    (select destination_id, source_id from redelivery_batches where tenant_id = $1 and redelivery_id = $2
     order by destination_id, source_id limit 1)
    union all
    select following.destination_id, following.source_id from streams s cross join lateral (
      select b.destination_id, b.source_id from redelivery_batches b
      where b.tenant_id = $1 and b.redelivery_id = $2
        and (b.destination_id, b.source_id) > (s.destination_id, s.source_id)
      order by b.destination_id, b.source_id limit 1
    ) following
  )`;

/** Destinations that an order waits to deliver to, paused ones left out, and how much is due there from whomever. */
const findStreams = `
  with recursive ${streams}
  select g.destination_id, t.id is null or t.deleted_at is not null as is_gone, due.count as due
  from (select distinct destination_id from streams) g
  left join destinations t on t.tenant_id = $1 and t.id = g.destination_id
  cross join lateral (
    select count(*)::integer as count from (
      select from deliveries d
      where d.tenant_id = $1 and d.destination_id = g.destination_id and d.status = 'pending' and d.due_at <= now()
      limit $3
    ) waiting
  ) due
  where t.id is null or t.deleted_at is not null or t.status = 'active'`;

/**
 * The oldest events of each destination over the first batches of its streams. Where a batch ends and another one
 * follows, what is newer than its end waits for that one's turn.
 */
const pickOldest = `
  with recursive ${streams}, heads as materialized (
    select s.destination_id, s.source_id, h.first_event_id, h.event_ids, h.is_followed, d.room
    from streams s
    join unnest($3::uuid[], $4::integer[]) as d (id, room) on d.id = s.destination_id
    left join sources c on c.tenant_id = $1 and c.id = s.source_id
    cross join lateral (
      select b.first_event_id, b.event_ids[b.taken + 1 : b.taken + d.room] as event_ids,
        b.size - b.taken > d.room or exists (
          select from redelivery_batches n
          where n.tenant_id = $1 and n.redelivery_id = $2 and n.destination_id = s.destination_id
            and n.source_id = s.source_id and n.first_event_id > b.first_event_id
        ) as is_followed
      from redelivery_batches b
      where b.tenant_id = $1 and b.redelivery_id = $2 and b.destination_id = s.destination_id and b.source_id = s.source_id
      order by b.first_event_id limit 1
    ) h
    where c.id is null or c.status = 'active' or c.deleted_at is not null
  ), bounded as (
    select *, (min(event_ids[cardinality(event_ids)]::text collate "C") filter (where is_followed)
      over (partition by destination_id))::uuid as last_id
    from heads
  ), numbered as (
    select h.destination_id, h.source_id, h.first_event_id, h.room, e.id as event_id,
      row_number() over (partition by h.destination_id order by e.id) as place
    from bounded h cross join lateral unnest(h.event_ids) as e (id)
    where h.last_id is null or e.id <= h.last_id
  )
  select destination_id, source_id, first_event_id, event_id from numbered
  where place <= room order by event_id, destination_id limit $5`;

const stillWanted = (status: Criteria['deliveryStatus']): string => `
  select t.position::integer as position
  from unnest($2::uuid[], $3::uuid[]) with ordinality as t (event_id, destination_id, position)
  cross join lateral (select from events e where e.tenant_id = $1 and e.id = t.event_id offset 0) stored
  where ${hasStatus(status)}
  order by t.position`;

const takeFromBatches = `
  with used as (
    select * from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::integer[])
      as u (destination_id, source_id, first_event_id, count)
  ), ended as (
    delete from redelivery_batches b using used u
    where b.tenant_id = $1 and b.redelivery_id = $2 and b.destination_id = u.destination_id
      and b.source_id = u.source_id and b.first_event_id = u.first_event_id and b.taken + u.count >= b.size
  ), begun as (
    update redelivery_batches b set taken = b.taken + u.count from used u
    where b.tenant_id = $1 and b.redelivery_id = $2 and b.destination_id = u.destination_id
      and b.source_id = u.source_id and b.first_event_id = u.first_event_id and b.taken + u.count < b.size
    returning 1
  )
  select count(*) from begun`;

/** What was passed over is not counted in the total any more. */
const noteFed = `
  with noted as (
    update redeliveries r set
      waiting = r.waiting - f.taken - f.dropped,
      made = r.made + f.made,
      total = r.total - (f.taken - f.made),
      dropped = r.dropped + f.dropped,
      next_slot_at = coalesce(now() + make_interval(secs => $4::float8 / 1000), r.next_slot_at),
      stage = case
        when r.stage = 'collecting' or r.waiting - f.taken - f.dropped > 0 then r.stage
        when r.made + f.made > $5 then 'draining'
      end
    from jsonb_to_record($3::jsonb) as f (taken integer, made integer, dropped integer)
    where r.tenant_id = $1 and r.id = $2 returning 1
  )
  select count(*) from noted`;
