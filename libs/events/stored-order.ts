import type pg from 'pg';
import { idAtTime, timeOfId } from '#database';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** An id is made when a callback begins to come in, its commit follows within this, as the clocks of two processes tell it. */
const COMMITTED_WITHIN_MS = 10_000;
const BEFORE_EVERY_ID = '00000000-0000-0000-0000-000000000000';

/**
 * A place in the order in which things were stored: after the thing `id` that the transaction `storedIn` stored. Where
 * that thing was made, or the place taken, is `timeMs`.
 */
export interface Place {
  readonly storedIn: bigint;
  readonly id: string;
  readonly timeMs: number;
}

/** Something stored, by what orders it. */
export type Entry = Pick<Place, 'storedIn' | 'id'>;

/** How the order stands: what transactions before `horizon` did is settled; `next` has not begun. */
export interface OrderNow {
  readonly horizon: bigint;
  readonly next: bigint;
}

/** A table whose rows have `tenant_id`, `id` and `stored_in`; what is read of a row `e`, and with the help of what. */
export interface StoredTable {
  readonly name: 'events' | 'rejections';
  readonly columns: string;
  readonly joins: string;
}

interface Cursor {
  readonly tenantId: string;
  readonly after: Place;
}

/** The place before everything that `storedIn` and later transactions store. */
export function beginningOf(storedIn: bigint, timeMs: number): Place {
  return { storedIn, id: BEFORE_EVERY_ID, timeMs };
}

/** Whether `a` comes before `b` (less than 0), after it, or is the same. */
export function compareEntries(a: Entry, b: Entry): number {
  if (a.storedIn !== b.storedIn) return a.storedIn < b.storedIn ? -1 : 1;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}

/**
 * How the order stands now. Whoever reads up to the horizon, and next time from there on, misses nothing: a transaction
 * under way has a number that is not below it, and the next reading sees what it did. Reading alone takes no number.
 */
export async function lookAtOrder(pool: pg.Pool): Promise<OrderNow> {
  const { rows } = await pool.query<{ horizon: string; next: string }>({
    name: 'look-at-order',
    text: `select pg_snapshot_xmin(now)::text as horizon, pg_snapshot_xmax(now)::text as next
           from pg_current_snapshot() as now`,
  });
  return { horizon: BigInt(rows[0]?.horizon ?? 0), next: BigInt(rows[0]?.next ?? 0) };
}

/** For each cursor the next `limit` rows of its tenant that transactions before `horizon` stored, in order. */
export async function readStored<Row extends object>(
  pool: pg.Pool,
  table: StoredTable,
  cursors: readonly Cursor[],
  { horizon, limit }: { readonly horizon: bigint; readonly limit: number },
): Promise<(Row & Entry)[][]> {
  const { rows } = await pool.query<Row & { id: string; stored_in: string; cursor: number }>({
    name: `read-stored-${table.name}`,
    text: selectStored(table),
    values: [
      cursors.map(({ tenantId }) => tenantId),
      cursors.map(({ after }) => String(after.storedIn)),
      cursors.map(({ after }) => after.id),
      // Ids carry the time and partitions are made by it: those of days before are not opened.
      cursors.map(({ after }) => idAtTime(after.timeMs - DAY_MS)),
      String(horizon),
      limit,
    ],
  });
  const pages = cursors.map((): (Row & Entry)[] => []);
  for (const row of rows) pages[row.cursor - 1]?.push({ ...row, storedIn: BigInt(row.stored_in) });
  return pages;
}

function selectStored({ name, columns, joins }: StoredTable): string {
  return `
    select c.cursor::integer as cursor, e.id, e.stored_in::text as stored_in, ${columns}
    from unnest($1::uuid[], $2::xid8[], $3::uuid[], $4::uuid[]) with ordinality
      as c (tenant_id, stored_in, id, least_id, cursor)
    cross join lateral (
      select * from ${name} e
      where e.tenant_id = c.tenant_id and e.id >= c.least_id
        and e.stored_in >= c.stored_in and (e.stored_in, e.id) > (c.stored_in, c.id) and e.stored_in < $5::xid8
      order by e.stored_in, e.id
      limit $6
    ) e
    ${joins}
    order by c.cursor, e.stored_in, e.id`;
}

/** Which transaction stored a thing; `null` when it is not there, or from before that was written down. */
export async function storedInOf(
  pool: pg.Pool,
  table: StoredTable['name'],
  tenantId: string,
  id: string,
): Promise<bigint | null> {
  const { rows } = await pool.query<{ stored_in: string | null }>(
    `select stored_in::text from ${table} where tenant_id = $1 and id = $2`,
    [tenantId, id],
  );
  const storedIn = rows[0]?.stored_in ?? null;
  return storedIn === null ? null : BigInt(storedIn);
}

/** The first transaction that stored something of about this time or later; `null` when none has. */
export async function storedSince(
  pool: pg.Pool,
  table: StoredTable['name'],
  { tenantId, timeMs, next }: { readonly tenantId: string; readonly timeMs: number; readonly next: bigint },
): Promise<bigint | null> {
  // Numbers that have not been reached yet are those of another server, which this database was copied from.
  const first = await pool.query<{ id: string }>(
    `select id from ${table} where tenant_id = $1 and id >= $2 and stored_in < $3::xid8 order by id limit 1`,
    [tenantId, idAtTime(timeMs - COMMITTED_WITHIN_MS), String(next)],
  );
  const firstId = first.rows[0]?.id;
  if (firstId === undefined) return null;
  // One that was made a little later may have been stored earlier. By id, which is a narrow range; xid8 has no minimum before 16.
  const { rows } = await pool.query<{ earliest: string }>(
    `select min(stored_in::text::bigint)::text as earliest from (
       select stored_in from ${table}
       where tenant_id = $1 and id >= $2 and id < $3 and stored_in < $4::xid8 order by id offset 0
     ) near`,
    [tenantId, firstId, idAtTime(timeOfId(firstId) + COMMITTED_WITHIN_MS), String(next)],
  );
  return BigInt(rows[0]?.earliest ?? 0);
}
