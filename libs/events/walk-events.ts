import type { EntityManager } from 'typeorm';
import { idAtTime, timeOfId } from '#database';
import { type EventPath, isWithin } from './event-paths.js';
import { type EventRow, joined, shown } from './event-row.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const SPAN_GROWTH = 8;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
/** How far the clock of another machine may be ahead for its events to be seen at once. */
const CLOCKS_APART_MS = 60 * 60 * 1_000;
/** What is looked at closely is read so many rows at a time, more while that is quick. */
const CHECKING: Pace = { firstRows: 500, mostRows: 32_000, aimMs: 25, growth: 2 };
/** PostgreSQL sweeps larger portions with several processes. */
const SWEEPING: Pace = { firstRows: 2_000, mostRows: 400_000, aimMs: 500, growth: 200 };
const CHECKED_COLUMNS = 'e.id, e.source_id, e.provider, e.type, e.run_id, e.provider_event_id';

/** Where a walk begins and ends, and when it gives up. Ids from `after` on and below `before`. */
export interface WalkBounds {
  readonly after: string | null;
  readonly before: string | null;
  readonly limit: number;
  readonly budgetMs: number;
}

/** What a walk found. */
export interface Walked {
  readonly rows: EventRow[];
  /** Everything from this id on has been looked at; `null`: everything there is. */
  readonly reached: string | null;
}

/** How many rows a portion has, at first and at most, and how long it shall take. */
interface Pace {
  readonly firstRows: number;
  readonly mostRows: number;
  readonly aimMs: number;
  /** From one portion to the next at most. */
  readonly growth: number;
}

interface Step {
  readonly from: string;
  readonly before: string;
  readonly most: number;
}

/**
 * Walks from the newest event to the oldest along `path`, in spans of time that grow, so that mostly no more than a
 * partition or two are opened (to plan a statement over a month of them takes longer than to run it), and
 * in portions of rows where each has to be checked. It ends when `limit` are found and one more, or when its time is over.
 */
export async function walkEvents(
  manager: EntityManager,
  path: EventPath,
  { after, before, limit, budgetMs }: WalkBounds,
): Promise<Walked> {
  const untilMs = performance.now() + budgetMs;
  const floor = after ?? FIRST_ID;
  const rows: EventRow[] = [];
  const pace = paceOf(path);
  let most = pace?.firstRows ?? limit + 1;
  const end = endOfDay(Date.now() + CLOCKS_APART_MS);
  let upper = before !== null && before < end ? before : end;
  let spanMs = path.firstSpanMs;
  let from = lowerEdge(upper, spanMs, floor);
  while (upper > floor) {
    const startedAtMs = performance.now();
    const edge = path.isSweep === true ? await edgeOf(manager, path, { from, before: upper, most }) : null;
    const portion = { from: edge ?? from, before: upper, most };
    const step = await takeStep(manager, path, portion, limit + 1 - rows.length);
    rows.push(...step.rows);
    if (rows.length > limit) return { rows, reached: step.reached };
    if (edge !== null) upper = edge;
    else if (step.scanned < most) {
      upper = from;
      spanMs *= SPAN_GROWTH;
      from = lowerEdge(upper, spanMs, floor);
    } else upper = step.reached ?? from;
    const nowMs = performance.now();
    if (nowMs > untilMs) return { rows, reached: upper > floor ? upper : null };
    if (pace !== null) most = nextMost(pace, most, nowMs - startedAtMs);
  }
  return { rows, reached: null };
}

function paceOf({ conditions, lookUp, isSweep = false }: EventPath): Pace | null {
  if (isSweep) return SWEEPING;
  return conditions.length > 0 || lookUp !== undefined ? CHECKING : null;
}

function nextMost({ firstRows, mostRows, aimMs, growth }: Pace, most: number, tookMs: number): number {
  const rows = Math.floor(most * Math.min(growth, aimMs / tookMs));
  return Math.min(mostRows, Math.max(firstRows / 2, rows));
}

/** Partitions are made ahead of time; to open the empty ones of the days to come costs more than today's. */
function endOfDay(timeMs: number): string {
  return idAtTime((Math.floor(timeMs / DAY_MS) + 1) * DAY_MS);
}

/** Spans of days begin with a day, where partitions begin. */
function lowerEdge(upper: string, spanMs: number, floor: string): string {
  const edgeMs = Math.min(timeOfId(upper), Date.now()) - spanMs;
  // Beyond a year and a half another span would hardly be shorter than all the rest.
  if (spanMs > 512 * DAY_MS || edgeMs <= 0) return floor;
  const edge = idAtTime(spanMs < DAY_MS ? edgeMs : Math.floor(edgeMs / DAY_MS) * DAY_MS);
  return edge > floor ? edge : floor;
}

/** The id from which on there are `most` of the tenant's events within the bounds; `null`: there are fewer. */
async function edgeOf(
  manager: EntityManager,
  { parameters: [tenantId] }: EventPath,
  { from, before, most }: Step,
): Promise<string | null> {
  const [edge] = await manager.query<{ id: string }[]>(
    // Of contents, since these are read next, and all in the index.
    `select id from event_contents
     where tenant_id = $1 and ${isWithin('id', { from: '$2::uuid', before: '$3::uuid' })}
     order by id desc offset $4::integer - 1 limit 1`,
    [tenantId, from, before, most],
  );
  return edge?.id ?? null;
}

async function takeStep(
  manager: EntityManager,
  { candidates, conditions, lookUp, parameters }: EventPath,
  step: Step,
  wanted: number,
): Promise<{ rows: EventRow[]; scanned: number; reached: string | null }> {
  const [from, before, most] = [1, 2, 3].map((place) => `$${parameters.length + place}`);
  const bounds = { from: `${from}::uuid`, before: `${before}::uuid` };
  const within = (alias: string) => isWithin(`${alias}.id`, bounds);
  const checks = [...conditions, ...(lookUp === undefined ? [] : [lookUp(within)])];
  // The id alone stands in every index, so that what is not looked at closely is not read.
  const columns = conditions.length > 0 ? CHECKED_COLUMNS : 'e.id';
  const found = await manager.query<(EventRow & { scanned: number; reached: string | null })[]>(
    `with scanned as materialized (${candidates(columns, bounds, `${most}::integer`)})
     select b.scanned, b.reached, f.* from (
       select count(*)::integer as scanned, (select id from scanned order by id limit 1) as reached from scanned
     ) b left join lateral (
       select ${shown} from (
         select e.id from scanned e where ${['true', ...checks].join(' and ')}
         order by e.id desc limit ${wanted}
       ) chosen
       cross join lateral (
         select * from events e where e.tenant_id = $1 and e.id = chosen.id and ${within('e')} offset 0
       ) e
       ${joined}
     ) f on true
     order by f.id desc`,
    [...parameters, step.from, step.before, step.most],
  );
  const [first] = found;
  return {
    rows: found.flatMap(({ scanned: _scanned, reached: _reached, ...row }) =>
      (row.id as string | null) === null ? [] : [row],
    ),
    scanned: first?.scanned ?? 0,
    reached: first?.reached ?? null,
  };
}
