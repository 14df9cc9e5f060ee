import type { EntityManager } from 'typeorm';
import type { EventFilter } from './event-row.js';

/** More sources than that are not asked one by one: their events make up most of what there is. */
const MOST_SOURCES = 256;
/** The newest events of so few are quickly read even where each has many. */
const FEW_SOURCES = 16;
const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;

/** The first id, and the one after the last, as SQL. */
export interface IdBounds {
  readonly from: string;
  readonly before: string;
}

/** Ids within the bounds. */
export const isWithin = (id: string, { from, before }: IdBounds): string =>
  `${id} >= ${from} and ${id} < ${before}`;

/** How to get at the events that a list shows, newest first, by an index; and what of the filter the index leaves open. */
export interface EventPath {
  /** A query of some columns, `e.id` among them, of the newest `limit` events `e` within the bounds. */
  readonly candidates: (columns: string, bounds: IdBounds, limit: string) => string;
  /** Whether its candidates are all that the tenant has. */
  readonly leadsToAll?: boolean;
  /**
   * Whether its candidates are found by reading all that the tenant has within the bounds, so that these are to be narrowed first,
   * to as many rows as one statement may read.
   */
  readonly isSweep?: boolean;
  /** What is checked of the columns of each candidate `e`; none: every candidate is shown. */
  readonly conditions: readonly string[];
  /** What is looked up for each candidate `e` elsewhere; `within` bounds the ids of a table, so that few partitions are opened. */
  readonly lookUp?: (within: (alias: string) => string) => string;
  readonly parameters: readonly unknown[];
  /** The first span of time to look at; each one after it is some times longer. `Infinity` for what may be of any time. */
  readonly firstSpanMs: number;
}

/** The path to what `filter` asks for, `q` left out; `null` when there can be none. The tenant id is `$1`. */
export async function pathTo(
  manager: EntityManager,
  tenantId: string,
  filter: EventFilter,
): Promise<EventPath | null> {
  const { add, parameters } = collect(tenantId);
  const conditions = (...left: (keyof EventFilter)[]): string[] => [
    ...(left.includes('sourceIds') ? add((p) => `e.source_id = any(${p}::uuid[])`, filter.sourceIds) : []),
    ...(left.includes('provider') ? add((p) => `e.provider = ${p}`, filter.provider) : []),
    ...(left.includes('type') ? add((p) => `e.type = ${p}`, filter.type) : []),
    ...(left.includes('runId') ? add((p) => `e.run_id = ${p}`, filter.runId) : []),
  ];
  if (filter.providerEventId !== undefined) {
    const [key = ''] = add((p) => `e.provider_event_id = ${p}`, filter.providerEventId);
    const left = conditions('sourceIds', 'provider', 'type', 'runId');
    return { candidates: newest(key), conditions: left, parameters, firstSpanMs: Infinity };
  }
  if (filter.runId !== undefined) {
    const [key = ''] = conditions('runId');
    const left = conditions('sourceIds', 'provider', 'type');
    return { candidates: newest(key), conditions: left, parameters, firstSpanMs: Infinity };
  }
  if ([filter.sourceIds, filter.provider, filter.type].every((value) => value === undefined))
    return { candidates: newest(), leadsToAll: true, conditions: [], parameters, firstSpanMs: DAY_MS };
  const sourceIds = await sourcesOf(manager, tenantId, filter);
  if (sourceIds.length === 0) return null;
  if (sourceIds.length > MOST_SOURCES) {
    const left = conditions('sourceIds', 'provider', 'type');
    return { candidates: newest(), conditions: left, parameters, firstSpanMs: DAY_MS };
  }
  const [sources = ''] = add((p) => `unnest(${p}::uuid[]) as s (id)`, sourceIds);
  const candidates = newestOfEach(sources, conditions('type'));
  const firstSpanMs = sourceIds.length <= FEW_SOURCES ? DAY_MS : HOUR_MS;
  return { candidates, conditions: [], parameters, firstSpanMs };
}

/** The path to events whose own id, provider's id or run is `text`. */
export function pathToIds(tenantId: string, filter: EventFilter): EventPath {
  const { add, parameters } = collect(tenantId);
  const keys = [
    ...add((p) => `e.provider_event_id = ${p}`, filter.q?.text),
    ...add((p) => `e.run_id = ${p}`, filter.q?.text),
    ...add((p) => `e.id = ${p}::uuid`, filter.q?.eventId),
  ];
  const conditions = [
    ...add((p) => `e.source_id = any(${p}::uuid[])`, filter.sourceIds),
    ...add((p) => `e.provider = ${p}`, filter.provider),
    ...add((p) => `e.type = ${p}`, filter.type),
    ...add((p) => `e.run_id = ${p}`, filter.runId),
    ...add((p) => `e.provider_event_id = ${p}`, filter.providerEventId),
  ];
  return {
    candidates: (columns, bounds, limit) => `
      select * from (${keys.map((key) => `(${newest(key)(columns, bounds, limit)})`).join(' union ')}) e
      order by e.id desc limit ${limit}`,
    conditions,
    parameters,
    firstSpanMs: Infinity,
  };
}

const newest =
  (...keys: readonly string[]): EventPath['candidates'] =>
  (columns, bounds, limit) =>
    `select ${columns} from events e where ${['e.tenant_id = $1', ...keys, isWithin('e.id', bounds)].join(' and ')}
     order by e.id desc limit ${limit}`;

const newestOfEach =
  (sources: string, keys: readonly string[]): EventPath['candidates'] =>
  (columns, bounds, limit) => `
    select e.* from ${sources} cross join lateral (
      ${newest('e.source_id = s.id', ...keys)(columns, bounds, limit)}
    ) e
    order by e.id desc limit ${limit}`;

/** A source's provider never changes, so that of an event is that of its source. */
async function sourcesOf(manager: EntityManager, tenantId: string, filter: EventFilter): Promise<string[]> {
  const rows = await manager.query<{ id: string }[]>(
    `select id from sources where tenant_id = $1 and ($2::uuid[] is null or id = any($2)) and ($3::text is null or provider = $3)
     limit ${MOST_SOURCES + 1}`,
    [tenantId, filter.sourceIds ?? null, filter.provider ?? null],
  );
  return rows.map(({ id }) => id);
}

function collect(tenantId: string) {
  const parameters: unknown[] = [tenantId];
  const add = (condition: (placeholder: string) => string, value: unknown): string[] => {
    if (value === undefined || value === null) return [];
    parameters.push(value);
    return [condition(`$${parameters.length}`)];
  };
  return { add, parameters };
}
