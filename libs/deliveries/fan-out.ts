import type pg from 'pg';
import { newId } from '#database';
import { matches } from './matches.js';

/** Batches that are taken at a time, and events after which no further batch is. */
const MOST_BATCHES = 500;
const MOST_EVENTS = 1_000;

/** Events of one tenant that were stored together; the arrays go side by side. */
interface Obligation {
  readonly tenant_id: string;
  readonly event_ids: readonly string[];
  readonly source_ids: readonly string[];
  readonly types: readonly (string | null)[];
}

/** What a round of fanning out came to: whether there may be more to do, and how many deliveries it made. */
export interface FannedOut {
  readonly mayBeMore: boolean;
  readonly deliveries: number;
}

interface OwedEvent {
  readonly tenant_id: string;
  readonly event_id: string;
  readonly source_id: string;
  readonly type: string | null;
}

interface Candidate {
  readonly tenant_id: string;
  readonly id: string;
  readonly source_ids: string[] | null;
  readonly types: string[] | null;
  readonly status: 'active' | 'paused';
}

/**
 * Turns stored obligations into deliveries to the destinations that match, in one transaction: an obligation is
 * fulfilled exactly once, whichever worker takes it and wherever that worker dies.
 */
export async function fanOut(pool: pg.Pool): Promise<FannedOut> {
  const client = await pool.connect();
  try {
    // What a crash of the database undoes is done again; it need not wait for the disk.
    await client.query('begin; set local synchronous_commit = off');
    const { rows: obligations } = await client.query<Obligation>({
      name: 'take-obligations',
      text: takeObligations,
      values: [MOST_BATCHES, MOST_EVENTS],
    });
    const events = obligations.flatMap(eventsOf);
    const deliveries = events.length > 0 ? await insertDeliveries(client, events) : 0;
    await client.query('commit');
    return { mayBeMore: obligations.length > 0, deliveries };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

function eventsOf({ tenant_id, event_ids, source_ids, types }: Obligation): OwedEvent[] {
  return event_ids.map((event_id, index) => ({
    tenant_id,
    event_id,
    source_id: source_ids[index] ?? '',
    type: types[index] ?? null,
  }));
}

async function insertDeliveries(client: pg.PoolClient, events: readonly OwedEvent[]): Promise<number> {
  const tenantIds = [...new Set(events.map(({ tenant_id }) => tenant_id))];
  const { rows: candidates } = await client.query<Candidate>({
    name: 'fan-out-candidates',
    text: findCandidates,
    values: [tenantIds],
  });
  const deliveries = events.flatMap((event) =>
    candidates
      .filter((destination) => destination.tenant_id === event.tenant_id && matches(destination, event))
      .map((destination) => ({ event, destination })),
  );
  if (deliveries.length === 0) return 0;
  await client.query({
    name: 'insert-deliveries',
    text: insertDeliveriesSql,
    values: [
      deliveries.map(({ event }) => event.tenant_id),
      deliveries.map(() => newId()),
      deliveries.map(({ event }) => event.event_id),
      deliveries.map(({ event }) => event.source_id),
      deliveries.map(({ destination }) => destination.id),
      deliveries.map(({ destination }) => destination.status === 'paused'),
    ],
  });
  return deliveries.length;
}

// Walks from one tenant to the next, and gives each an equal share: a flood of one tenant's does not keep another's events
// waiting. What a share leaves unused others get with the next statement.
const takeObligations = `
  with recursive tenants as (
    (select tenant_id from fan_outs order by tenant_id limit 1)
    union all
    select following.tenant_id from tenants t cross join lateral (
      select f.tenant_id from fan_outs f where f.tenant_id > t.tenant_id order by f.tenant_id limit 1
    ) following
  ), shares as materialized (
    select tenant_id, ceil($1::float / count(*) over ()) as most from tenants order by random()
  ), locked as materialized (
    select oldest.* from shares s cross join lateral (
      select f.tenant_id, f.id, cardinality(f.event_ids) as size from fan_outs f where f.tenant_id = s.tenant_id
      order by f.tenant_id, f.id limit s.most for update skip locked
    ) oldest
    limit $1
  ), counted as (
    -- The first ones of all tenants before the second ones of any.
    select *, sum(size) over (order by turn, tenant_id) - size as before from (
      select *, row_number() over (partition by tenant_id order by id) as turn from locked
    ) l
  ), chosen as (
    select tenant_id, id from counted where before < $2
  ), taken as (
    delete from fan_outs f using chosen c where f.tenant_id = c.tenant_id and f.id = c.id
    returning f.tenant_id, f.event_ids, f.source_ids, f.types
  )
  select * from taken`;

const findCandidates = `
  select tenant_id, id, source_ids, types, status from destinations
  where tenant_id = any($1::uuid[]) and deleted_at is null`;

// Erased events are owed to nobody. `offset 0`: see libs/deliveries/claim.ts.
const insertDeliveriesSql = `
  insert into deliveries (tenant_id, id, event_id, source_id, destination_id, status, next_attempt_at, due_at, created_at)
  select d.tenant_id, d.id, d.event_id, d.source_id, d.destination_id,
    case when state.held then 'held' else 'pending' end,
    case when state.held then null else now() end,
    case when state.held then null else now() end,
    now()
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::boolean[])
    as d (tenant_id, id, event_id, source_id, destination_id, paused)
  cross join lateral (
    select status, deleted_at from sources where tenant_id = d.tenant_id and id = d.source_id offset 0
  ) s
  cross join lateral (select d.paused or (s.status = 'paused' and s.deleted_at is null) as held) state
  cross join lateral (
    select from events where tenant_id = d.tenant_id and source_id = d.source_id and id = d.event_id offset 0
  ) e`;
