import type { EntityManager } from 'typeorm';
import { type Page, type PageRequest, pageOf, writeCursor } from '#database';
import type { DeliveryFilter, DeliveryRow } from './delivery-row.js';

/** How long a page may look for what no index leads to, and how many rows it reads at once. */
const BUDGET_MS = 200;
const ROWS_AT_ONCE = 2_000;
/** So many pending ones are few: all of them are read, and put in order. */
const FEW = 2_000;
const MOST_DESTINATIONS = 256;
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** They are rare and have an index; see migrations/1795300000004-growth.ts. */
const INDEXED_STATUSES: readonly unknown[] = ['failed', 'held', 'cancelled'];

/**
 * An attempt under way is counted from its claim on, but shown once it is over. While the circuit of its destination is
 * open nothing is attempted before the next probe. To be selected from rows that are named `deliveries`.
 */
export const deliveryColumns = `id, event_id, destination_id, status,
  attempt_count - (lease_id is not null)::integer as attempt_count,
  case when next_attempt_at is not null then greatest(next_attempt_at, (
    select next_probe_at from circuits c
    where c.tenant_id = deliveries.tenant_id and c.destination_id = deliveries.destination_id
  )) end as next_attempt_at, created_at, finished_at`;

interface Request {
  readonly manager: EntityManager;
  readonly tenantId: string;
  readonly filter: DeliveryFilter;
  readonly page: PageRequest;
}

/** A page of a tenant's deliveries, newest first. It may hold fewer than asked for where a cursor says there is more. */
export async function listDeliveries(request: Request): Promise<Page<DeliveryRow>> {
  const { filter, page } = request;
  if (filter.eventId !== undefined || filter.status === undefined)
    return pageOf(await newest(request), page.limit);
  const destinationIds = await destinationsOf(request);
  if (destinationIds.length <= MOST_DESTINATIONS) {
    if (INDEXED_STATUSES.includes(filter.status))
      return pageOf(await newestOfEach(request, destinationIds), page.limit);
    const few = filter.status === 'pending' ? await fewPending(request, destinationIds) : null;
    if (few !== null) return pageOf(few, page.limit);
  }
  return walk(request);
}

async function newest({ manager, tenantId, filter, page }: Request): Promise<DeliveryRow[]> {
  const parameters: unknown[] = [tenantId, page.before ?? LAST_ID, page.limit + 1];
  const conditions = (['eventId', 'destinationId', 'status'] as const).flatMap((name) => {
    if (filter[name] === undefined) return [];
    parameters.push(filter[name]);
    return [` and ${columnOf[name]} = $${parameters.length}`];
  });
  return manager.query(
    `select ${deliveryColumns} from deliveries where tenant_id = $1 and id < $2::uuid${conditions.join('')}
     order by id desc limit $3`,
    parameters,
  );
}

const columnOf = { eventId: 'event_id', destinationId: 'destination_id', status: 'status' } as const;

/** Deleted ones too: their deliveries stay. */
async function destinationsOf({ manager, tenantId, filter }: Request): Promise<string[]> {
  if (filter.destinationId !== undefined) return [filter.destinationId];
  const rows = await manager.query<{ id: string }[]>(
    `select id from destinations where tenant_id = $1 limit ${MOST_DESTINATIONS + 1}`,
    [tenantId],
  );
  return rows.map(({ id }) => id);
}

function newestOfEach(
  { manager, tenantId, filter, page }: Request,
  destinationIds: readonly string[],
): Promise<DeliveryRow[]> {
  return manager.query(
    `select ${deliveryColumns} from unnest($3::uuid[]) as t (destination) cross join lateral (
       select * from deliveries d
       where d.tenant_id = $1 and d.destination_id = t.destination and d.status = '${filter.status ?? ''}' and d.id < $2::uuid
       order by d.id desc limit $4
     ) deliveries order by id desc limit $4`,
    [tenantId, page.before ?? LAST_ID, destinationIds, page.limit + 1],
  );
}

/** The page by way of the index on what is due, or `null` where there are too many to put in order each time. */
async function fewPending(
  { manager, tenantId, page }: Request,
  destinationIds: readonly string[],
): Promise<DeliveryRow[] | null> {
  const pending = `from unnest($2::uuid[]) as t (destination) cross join lateral (
    select * from deliveries d
    where d.tenant_id = $1 and d.destination_id = t.destination and d.status = 'pending' limit ${FEW + 1}
  ) deliveries`;
  const [counted] = await manager.query<{ count: number }[]>(
    `select count(*)::integer as count from (select ${pending} limit ${FEW + 1}) d`,
    [tenantId, destinationIds],
  );
  if ((counted?.count ?? 0) > FEW) return null;
  return manager.query(`select ${deliveryColumns} ${pending} where id < $3::uuid order by id desc limit $4`, [
    tenantId,
    destinationIds,
    page.before ?? LAST_ID,
    page.limit + 1,
  ]);
}

/** From the newest on, some rows at a time, until the page is full or its time is over. */
async function walk({ manager, tenantId, filter, page }: Request): Promise<Page<DeliveryRow>> {
  const untilMs = performance.now() + BUDGET_MS;
  const found: DeliveryRow[] = [];
  let before = page.before ?? LAST_ID;
  for (;;) {
    const { rows, reached } = await look(
      { manager, tenantId, filter, page },
      before,
      page.limit + 1 - found.length,
    );
    found.push(...rows);
    if (found.length > page.limit || reached === null) return pageOf(found, page.limit);
    before = reached;
    if (performance.now() > untilMs) return { data: found, next_cursor: writeCursor(reached) };
  }
}

async function look(
  { manager, tenantId, filter }: Request,
  before: string,
  most: number,
): Promise<{ rows: DeliveryRow[]; reached: string | null }> {
  const isOfOne = filter.destinationId !== undefined;
  const rows = await manager.query<(DeliveryRow & { scanned: number; reached: string })[]>(
    `with scanned as materialized (
       select * from deliveries where tenant_id = $1 and id < $2::uuid ${isOfOne ? 'and destination_id = $5' : ''}
       order by id desc limit ${ROWS_AT_ONCE}
     )
     select b.scanned, b.reached, f.* from (
       select count(*)::integer as scanned, (select id from scanned order by id limit 1) as reached from scanned
     ) b left join lateral (
       select ${deliveryColumns} from scanned as deliveries where status = $3 order by id desc limit $4
     ) f on true order by f.id desc`,
    [tenantId, before, filter.status, most, ...(isOfOne ? [filter.destinationId] : [])],
  );
  const [first] = rows;
  return {
    rows: rows.flatMap(({ scanned: _scanned, reached: _reached, ...row }) =>
      (row.id as string | null) === null ? [] : [row],
    ),
    reached: first?.scanned === ROWS_AT_ONCE ? first.reached : null,
  };
}
