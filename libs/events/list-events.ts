import type { EntityManager } from 'typeorm';
import { idAtTime, type Page, type PageRequest, writeCursor } from '#database';
import { type EventPath, isWithin, pathTo, pathToIds } from './event-paths.js';
import type { EventFilter, EventRow } from './event-row.js';
import { type Walked, walkEvents } from './walk-events.js';

/** How long a page may look for what no index leads to. */
const BUDGET_MS = 200;
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** Before a cursor that goes on in header values, after all that have the text as an id. */
const IN_HEADERS = 'h.';

/** Takes the mark off a cursor that goes on in header values. */
export function readSearchCursor(cursor: string | undefined): {
  readonly cursor: string | undefined;
  readonly inHeaders: boolean;
} {
  const inHeaders = cursor?.startsWith(IN_HEADERS) === true;
  return { cursor: inHeaders ? cursor?.slice(IN_HEADERS.length) : cursor, inHeaders };
}

/** A page of a tenant's events, newest first. It may hold fewer than asked for, and none, where a cursor says there is more. */
export async function listEvents(
  manager: EntityManager,
  tenantId: string,
  filter: EventFilter,
  page: PageRequest,
): Promise<Page<EventRow>> {
  const walk = (path: EventPath | null, before: string | null): Promise<Walked> =>
    path === null
      ? Promise.resolve({ rows: [], reached: null })
      : walkEvents(manager, path, { ...boundsOf(filter, before), limit: page.limit, budgetMs: BUDGET_MS });
  if (filter.q === undefined)
    return pageOf(await walk(await pathTo(manager, tenantId, filter), page.before), page.limit, '');
  if (!filter.q.inHeaders) {
    const ids = pageOf(await walk(pathToIds(tenantId, filter), page.before), page.limit, '');
    if (ids.next_cursor !== null) return ids;
    if (ids.data.length > 0 || page.before !== null)
      return { ...ids, next_cursor: IN_HEADERS + writeCursor(LAST_ID) };
  }
  const path = await pathTo(manager, tenantId, filter);
  const before = filter.q.inHeaders ? page.before : null;
  return pageOf(await walk(path && searchingHeaders(path, filter.q), before), page.limit, IN_HEADERS);
}

function boundsOf({ receivedAfter, receivedBefore }: EventFilter, before: string | null) {
  const beforeTime = receivedBefore && idAtTime(receivedBefore.getTime());
  return {
    // The id's time is the time of receipt.
    after: receivedAfter === undefined ? null : idAtTime(receivedAfter.getTime() + 1),
    before: beforeTime !== undefined && (before === null || beforeTime < before) ? beforeTime : before,
  };
}

function pageOf({ rows, reached }: Walked, limit: number, mark: string): Page<EventRow> {
  const data = rows.slice(0, limit);
  const next = rows.length > limit ? (data.at(-1)?.id ?? null) : reached;
  return { data, next_cursor: next === null ? null : mark + writeCursor(next) };
}

/**
 * Looks at the header values of what `path` leads to, leaving out what has the text as an id and was shown before.
 * Containment is quick and takes names for values too; what is left is looked at closely. `offset 0` keeps the planner
 * from reading the contents of a whole partition instead of those few.
 */
function searchingHeaders(path: EventPath, q: NonNullable<EventFilter['q']>): EventPath {
  const parameters = [
    ...path.parameters,
    JSON.stringify([[q.text]]),
    JSON.stringify({ text: q.text }),
    q.text,
    q.eventId ?? null,
  ];
  const [pair, variables, text, eventId] = ['jsonb', 'jsonb', 'text', 'uuid'].map(
    (type, index) => `$${path.parameters.length + 1 + index}::${type}`,
  );
  const searching: EventPath = {
    ...path,
    parameters,
    lookUp: (within) => `case when exists (
      select from event_contents c where c.tenant_id = $1 and c.id = e.id and ${within('c')}
        and c.headers @> ${pair} and jsonb_path_exists(c.headers, '$[*][1] ? (@ == $text)', ${variables})
      offset 0
    ) then not exists (
      select from events x where x.tenant_id = $1 and x.id = e.id and ${within('x')}
        and (x.id = ${eventId} or x.provider_event_id = ${text} or x.run_id = ${text}) offset 0
    ) else false end`,
  };
  if (!path.leadsToAll) return searching;
  // Read one after the other, contents take less than a tenth of the time that they take looked up for one event after the other.
  return {
    ...searching,
    isSweep: true,
    candidates: (_columns, bounds, limit) => `
      select c.id from (
        select c.id from event_contents c
        where c.tenant_id = $1 and ${isWithin('c.id', bounds)} and c.headers @> ${pair} offset 0
      ) c
      order by c.id desc limit ${limit}`,
  };
}
