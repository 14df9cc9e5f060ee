import type { Ask, Criteria, OrderKey } from './bulk-order.js';
import { hasStatus } from './bulk-order.js';

/** What a step has come to; `after` is the last event that was looked at, `null` when that was the last of all. */
interface Step {
  readonly count: number;
  readonly after: string | null;
}

/** Events that one statement looks at, and what it may make of them when there are many destinations. */
const MOST_EVENTS = 20_000;
const FEWEST_EVENTS = 100;
const MOST_TARGETS = 40_000;
const BATCH_SIZE = 2_000;

/** Collects what some more events add to an order, oldest first, and keeps it with the order: by SQL alone. */
export async function collectStep(
  ask: Ask,
  { tenantId, id }: OrderKey,
  criteria: Criteria,
  after: string,
): Promise<Step> {
  const until = await endOfStep(ask, tenantId, criteria, after);
  const [row] = await ask<{ count: number }>(storeTargets(criteria), [
    ...parametersOf(tenantId, criteria, { after, until }),
    id,
  ]);
  const count = row?.count ?? 0;
  await ask(noteCollected, [tenantId, id, count, until ?? criteria.beforeId, until === null]);
  return { count, after: until };
}

/** Counts what some more events would add to an order. */
export async function countStep(
  ask: Ask,
  tenantId: string,
  criteria: Criteria,
  after: string,
): Promise<Step> {
  const until = await endOfStep(ask, tenantId, criteria, after);
  const [row] = await ask<{ count: number }>(
    countTargets(criteria),
    parametersOf(tenantId, criteria, { after, until }),
  );
  return { count: row?.count ?? 0, after: until };
}

/**
 * The last event of a step, `null` when the rest fits into it. A step is bounded by the events that are looked at, not
 * by those that match: where few match, a statement that waits for enough of them would read everything.
 */
async function endOfStep(
  ask: Ask,
  tenantId: string,
  criteria: Criteria,
  after: string,
): Promise<string | null> {
  const share = Math.floor(MOST_TARGETS / criteria.destinations.length);
  const most = Math.max(FEWEST_EVENTS, Math.min(MOST_EVENTS, share));
  const { runId, sourceIds, type } = criteria;
  // One index has a single source's events, of one type too, in the order of their ids; another one has a run's.
  const [sourceId, ...otherSources] = sourceIds ?? [];
  const isOneSource = sourceId !== undefined && otherSources.length === 0;
  const narrowing: [column: string, value: string][] = [];
  if (runId !== null) narrowing.push(['run_id', runId]);
  else if (isOneSource) narrowing.push(['source_id', sourceId]);
  if (runId === null && isOneSource && type !== null) narrowing.push(['type', type]);
  const [row] = await ask<{ id: string }>(
    `select id from events where tenant_id = $1 and id > $2 and id < $3
       ${narrowing.map(([column], index) => `and ${column} = $${5 + index}`).join(' ')}
     order by id offset $4 limit 1`,
    [tenantId, after, criteria.beforeId, most - 1, ...narrowing.map(([, value]) => value)],
  );
  return row?.id ?? null;
}

function parametersOf(
  tenantId: string,
  criteria: Criteria,
  { after, until }: { readonly after: string; readonly until: string | null },
): unknown[] {
  return [
    tenantId,
    after,
    until ?? criteria.beforeId,
    criteria.beforeId,
    criteria.sourceIds,
    criteria.type,
    criteria.runId,
    criteria.receivedAfter,
    criteria.receivedBefore,
    JSON.stringify(criteria.destinations),
  ];
}

/**
 * The bounds on the id let PostgreSQL pass over whole partitions; the id's time is the time of receipt. An event that
 * has not been fanned out yet is on its way to the destinations that want it, and so it is none that was never sent there.
 */
const targets = ({ deliveryStatus }: Criteria): string => `
  with scanned as materialized (
    select id, source_id, type from events
    where tenant_id = $1 and id > $2 and id <= $3 and id < $4
      and ($5::uuid[] is null or source_id = any($5)) and ($6::text is null or type = $6)
      and ($7::text is null or run_id = $7)
      and ($8::timestamptz is null or received_at > $8) and ($9::timestamptz is null or received_at < $9)
  ), matching as (
    select d.id as destination_id, e.source_id, e.id as event_id, wanted.by_itself
    from scanned e
    cross join json_to_recordset($10::json) as d (id uuid, source_ids uuid[], patterns text[], is_named boolean)
    cross join lateral (
      select (d.source_ids is null or e.source_id = any(d.source_ids))
        and (d.patterns is null or coalesce(e.type, '') like any(d.patterns)) as by_itself
    ) wanted
    where d.is_named or wanted.by_itself
  ), targets as (
    select t.destination_id, t.source_id, t.event_id from matching t
    where ${hasStatus(deliveryStatus)} ${deliveryStatus === 'never' ? isNotOwed : ''}
  )`;

const isNotOwed = `
  and not (t.by_itself and t.event_id in (
    select owed.event_id from fan_outs f cross join lateral unnest(f.event_ids) as owed (event_id) where f.tenant_id = $1
  ))`;

const countTargets = (criteria: Criteria): string => `
  ${targets(criteria)}
  select count(*)::integer as count from targets`;

const storeTargets = (criteria: Criteria): string => `
  ${targets(criteria)}, stored as (
    insert into redelivery_batches (
      tenant_id, redelivery_id, destination_id, source_id, first_event_id, event_ids, size, taken
    )
    select $1, $11, destination_id, source_id, event_ids[1], event_ids, cardinality(event_ids), 0
    from (
      select destination_id, source_id, array_agg(event_id order by event_id) as event_ids
      from (
        select *, (row_number() over (partition by destination_id, source_id order by event_id) - 1) / ${BATCH_SIZE} as part
        from targets
      ) numbered
      group by destination_id, source_id, part
    ) batches
    returning size
  )
  select coalesce(sum(size), 0)::integer as count from stored`;

const noteCollected = `
  with noted as (
    update redeliveries set total = total + $3, waiting = waiting + $3, collected_to = $4,
      stage = case when $5 then 'feeding' else 'collecting' end
    where tenant_id = $1 and id = $2 returning 1
  )
  select count(*) from noted`;
