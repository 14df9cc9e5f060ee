import type pg from 'pg';
import { newId } from '#database';
import { matches } from './matches.js';

const MOST_EVENTS = 500;

interface Obligation {
  readonly tenant_id: string;
  readonly event_id: string;
  readonly source_id: string;
  readonly type: string | null;
  readonly source_paused: boolean;
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
 * fulfilled exactly once, whichever worker takes it and wherever that worker dies. Returns how many were fulfilled.
 */
export async function fanOut(pool: pg.Pool): Promise<number> {
  const client = await pool.connect();
  try {
    // What a crash of the database undoes is done again; it need not wait for the disk.
    await client.query('begin; set local synchronous_commit = off');
    const { rows: obligations } = await client.query<Obligation>({
      name: 'take-obligations',
      text: takeObligations,
      values: [MOST_EVENTS],
    });
    if (obligations.length > 0) await insertDeliveries(client, obligations);
    await client.query('commit');
    return obligations.length;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

async function insertDeliveries(client: pg.PoolClient, obligations: readonly Obligation[]): Promise<void> {
  const tenantIds = [...new Set(obligations.map(({ tenant_id }) => tenant_id))];
  const { rows: candidates } = await client.query<Candidate>({
    name: 'fan-out-candidates',
    text: findCandidates,
    values: [tenantIds],
  });
  const deliveries = obligations.flatMap((event) =>
    candidates
      .filter((destination) => destination.tenant_id === event.tenant_id && matches(destination, event))
      .map((destination) => ({
        event,
        destination,
        isHeld: event.source_paused || destination.status === 'paused',
      })),
  );
  if (deliveries.length === 0) return;
  await client.query({
    name: 'insert-deliveries',
    text: insertDeliveriesSql,
    values: [
      deliveries.map(({ event }) => event.tenant_id),
      deliveries.map(() => newId()),
      deliveries.map(({ event }) => event.event_id),
      deliveries.map(({ event }) => event.source_id),
      deliveries.map(({ destination }) => destination.id),
      deliveries.map(({ isHeld }) => isHeld),
    ],
  });
}

// Walks from one tenant to the next, and gives each an equal share: a flood of one tenant's does not keep another's events
// waiting. What a share leaves unused others get with the next statement. `offset 0`: see libs/deliveries/claim.ts.
const takeObligations = `
  with recursive tenants as (
    (select tenant_id from fan_outs order by tenant_id limit 1)
    union all
    select following.tenant_id from tenants t cross join lateral (
      select f.tenant_id from fan_outs f where f.tenant_id > t.tenant_id order by f.tenant_id limit 1
    ) following
  ), shares as materialized (
    select tenant_id, ceil($1::float / count(*) over ()) as most from tenants order by random()
  ), chosen as materialized (
    select oldest.* from shares s cross join lateral (
      select f.tenant_id, f.event_id from fan_outs f where f.tenant_id = s.tenant_id
      order by f.tenant_id, f.event_id limit s.most for update skip locked
    ) oldest
    limit $1
  ), taken as (
    delete from fan_outs f using chosen c where f.tenant_id = c.tenant_id and f.event_id = c.event_id
    returning f.tenant_id, f.event_id, f.source_id
  )
  select t.tenant_id, t.event_id, t.source_id, e.type, s.status = 'paused' and s.deleted_at is null as source_paused
  from taken t
  cross join lateral (
    select type from events where tenant_id = t.tenant_id and source_id = t.source_id and id = t.event_id offset 0
  ) e
  join sources s on s.tenant_id = t.tenant_id and s.id = t.source_id
  order by t.event_id`;

const findCandidates = `
  select tenant_id, id, source_ids, types, status from destinations
  where tenant_id = any($1::uuid[]) and deleted_at is null`;

const insertDeliveriesSql = `
  insert into deliveries (tenant_id, id, event_id, source_id, destination_id, status, next_attempt_at, due_at, created_at)
  select tenant_id, id, event_id, source_id, destination_id,
    case when held then 'held' else 'pending' end,
    case when held then null else now() end,
    case when held then null else now() end,
    now()
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::boolean[])
    as d (tenant_id, id, event_id, source_id, destination_id, held)`;
