import type pg from 'pg';
import type { EntityManager } from 'typeorm';

/** So many at a time, so that no statement runs long or holds many locks. */
const MOST_ROWS = 1_000;
/** Destinations that are sent on to by one statement, and what is read of each source of theirs at least. */
const MOST_RESUMED = 100;
const FEWEST_OF_GROUP = 20;

/** How many deliveries were moved, and the destinations to which some are sent on. */
export interface Settled {
  readonly moved: number;
  readonly resumed: readonly string[];
}

interface QueryRunner {
  query(sql: string, parameters: unknown[]): Promise<unknown>;
}

/**
 * Brings deliveries into line with what has become of their destinations and sources: holds what waits for a paused
 * destination, cancels what waits for a deleted one, sends on what nothing holds any more. At once for a change of a
 * few (see {@link settleDestination}), else bit by bit.
 */
export async function settle(pool: pg.Pool): Promise<Settled> {
  let moved = 0;
  for (const statement of [stopBlocked, endHeldOfDeleted]) {
    const { rowCount } = await pool.query(statement, [MOST_ROWS]);
    moved += rowCount ?? 0;
  }
  const { rows } = await pool.query<{ destination_id: string }>(releaseFree, [MOST_ROWS]);
  const resumed = [...new Set(rows.map(({ destination_id }) => destination_id))];
  return { moved: moved + rows.length, resumed };
}

/** Does so for one destination, in the transaction that changes it: who pauses or deletes it sees it happen. */
export async function settleDestination(
  manager: EntityManager,
  tenantId: string,
  destinationId: string,
): Promise<void> {
  const runner: QueryRunner = manager;
  for (const statement of [stopBlockedOfOne, endHeldOfOne, releaseFreeOfOne])
    await runner.query(statement, [MOST_ROWS, tenantId, destinationId]);
}

/** The index is walked from one group to the next: the cost grows with the groups, not with what waits in them. */
const walk = (status: string, ...columns: string[]): string => {
  const list = (prefix: string) => columns.map((column) => prefix + column).join(', ');
  return `
    with recursive groups as (
      (select ${list('')} from deliveries where status = '${status}' order by ${list('')} limit 1)
      union all
      select ${list('following.')} from groups g cross join lateral (
        select ${list('d.')} from deliveries d
        where d.status = '${status}' and (${list('d.')}) > (${list('g.')})
        order by ${list('d.')} limit 1
      ) following
    )`;
};

/** `offset 0`: see libs/deliveries/claim.ts. */
const destinationOfGroup =
  '(select id, status, deleted_at from destinations where tenant_id = g.tenant_id and id = g.destination_id offset 0)';

const cancelOrHold = `
  set status = case when c.is_gone then 'cancelled' else 'held' end,
    finished_at = case when c.is_gone then now() end,
    due_at = null, next_attempt_at = null, lease_id = null
  from chosen c where d.tenant_id = c.tenant_id and d.destination_id = c.destination_id and d.id = c.id`;

/** Due since it was made: what was held longest goes first, however many statements it takes to release it all. */
const sendOn = `
  set status = 'pending', due_at = least(d.created_at, now()), next_attempt_at = now()
  from chosen c where d.tenant_id = c.tenant_id and d.destination_id = c.destination_id and d.id = c.id`;

const isSourceActive = `not exists (
  select from sources s
  where s.tenant_id = g.tenant_id and s.id = g.source_id and s.status = 'paused' and s.deleted_at is null
)`;

/** What a worker is sending right now is finished by that worker; what a dead worker was sending is not sent again. */
const isNotBeingSent = `(d.lease_id is null or d.due_at <= now())`;

const stopBlocked = `
  ${walk('pending', 'tenant_id', 'destination_id')}, blocked as materialized (
    select g.tenant_id, g.destination_id, t.id is null or t.deleted_at is not null as is_gone
    from groups g left join lateral ${destinationOfGroup} t on true
    where t.id is null or t.deleted_at is not null or t.status = 'paused'
  ), chosen as (
    select waiting.tenant_id, waiting.destination_id, waiting.id, b.is_gone from blocked b cross join lateral (
      select d.tenant_id, d.destination_id, d.id from deliveries d
      where d.tenant_id = b.tenant_id and d.destination_id = b.destination_id and d.status = 'pending' and ${isNotBeingSent}
      limit $1 for update skip locked
    ) waiting limit $1
  )
  update deliveries d ${cancelOrHold}`;

const endHeldOfDeleted = `
  ${walk('held', 'tenant_id', 'destination_id')}, chosen as (
    select waiting.tenant_id, waiting.destination_id, waiting.id, true as is_gone
    from groups g
    left join lateral ${destinationOfGroup} t on true
    cross join lateral (
      select d.tenant_id, d.destination_id, d.id from deliveries d
      where d.tenant_id = g.tenant_id and d.destination_id = g.destination_id and d.status = 'held'
      limit $1 for update skip locked
    ) waiting
    where t.id is null or t.deleted_at is not null limit $1
  )
  update deliveries d ${cancelOrHold}`;

/**
 * Tenants by turns, and of a destination the oldest of all its sources first: it gets what was held in the order in which
 * that came. Where a source has more than is read of it, what is newer than the end of that waits for the next turn.
 */
const releaseFree = `
  ${walk('held', 'tenant_id', 'destination_id', 'source_id')}, free as materialized (
    select g.* from groups g cross join lateral ${destinationOfGroup} t
    where t.status = 'active' and t.deleted_at is null and ${isSourceActive}
  ), destined as materialized (
    select tenant_id, destination_id from (select distinct tenant_id, destination_id from free) f
    order by row_number() over (partition by tenant_id order by random()), random() limit ${MOST_RESUMED}
  ), heads as materialized (
    select f.tenant_id, f.destination_id, held.ids, f.most
    from (
      select *, greatest($1::integer / count(*) over (), ${FEWEST_OF_GROUP}) as most
      from free join destined using (tenant_id, destination_id)
    ) f cross join lateral (
      select array(
        select d.id from deliveries d
        where d.tenant_id = f.tenant_id and d.destination_id = f.destination_id and d.source_id = f.source_id
          and d.status = 'held'
        order by d.id limit f.most
      ) as ids
    ) held
  ), bounded as (
    select *, (min(ids[most]::text collate "C") filter (where cardinality(ids) = most)
      over (partition by tenant_id, destination_id))::uuid as last_id
    from heads
  ), chosen as (
    select d.tenant_id, d.destination_id, d.id
    from bounded b cross join lateral unnest(b.ids) as oldest (id)
    cross join lateral (
      select d.tenant_id, d.destination_id, d.id from deliveries d
      where d.tenant_id = b.tenant_id and d.destination_id = b.destination_id and d.id = oldest.id and d.status = 'held'
      for update skip locked
    ) d
    where b.last_id is null or oldest.id <= b.last_id
  )
  update deliveries d ${sendOn}
  returning d.destination_id`;

const stopBlockedOfOne = `
  with chosen as (
    select d.tenant_id, d.destination_id, d.id, t.deleted_at is not null as is_gone
    from destinations t join deliveries d on d.tenant_id = t.tenant_id and d.destination_id = t.id
    where t.tenant_id = $2 and t.id = $3 and (t.deleted_at is not null or t.status = 'paused')
      and d.status = 'pending' and ${isNotBeingSent}
    limit $1 for update of d skip locked
  )
  update deliveries d ${cancelOrHold}`;

const endHeldOfOne = `
  with chosen as (
    select d.tenant_id, d.destination_id, d.id, true as is_gone
    from destinations t join deliveries d on d.tenant_id = t.tenant_id and d.destination_id = t.id
    where t.tenant_id = $2 and t.id = $3 and t.deleted_at is not null and d.status = 'held'
    limit $1 for update of d skip locked
  )
  update deliveries d ${cancelOrHold}`;

const releaseFreeOfOne = `
  with chosen as (
    select g.tenant_id, g.destination_id, g.id
    from destinations t join deliveries g on g.tenant_id = t.tenant_id and g.destination_id = t.id
    where t.tenant_id = $2 and t.id = $3 and t.status = 'active' and t.deleted_at is null
      and g.status = 'held' and ${isSourceActive}
    order by g.id limit $1 for update of g skip locked
  )
  update deliveries d ${sendOn}`;
