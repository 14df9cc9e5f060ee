import pg from 'pg';
import { createPool, idAtTime, newId, timeOfId } from '#database';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { Appender } from './append.js';
import { append } from './append.fixture.js';
import { anEvent } from './new-event.fixture.js';
import type { NewEvent } from './new-event.js';
import { ensurePartitions } from './partitions.js';
import { beginningOf, lookAtOrder, type Place, readStored, storedInOf, storedSince } from './stored-order.js';

const DAY_MS = 86_400_000;
const events = { name: 'events', columns: 'e.tenant_id', joins: '' } as const;

let database: TestDatabase;
let pool: pg.Pool;
beforeEach(async () => {
  database = await createDatabase();
  pool = createPool(database.url, 'streams', 5_000, { plans: 'in-order' });
  // A connection may still be closing when its database goes.
  pool.on('error', () => undefined);
  await ensurePartitions(database.pool, Date.now());
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

/** The horizon, once all that has been stored is settled: other specs have transactions on the same server. */
async function settled(): Promise<bigint> {
  const { next } = await lookAtOrder(pool);
  return eventually(async () => {
    const { horizon } = await lookAtOrder(pool);
    expect(horizon).toBeGreaterThanOrEqual(next);
    return horizon;
  });
}

/** Ids of a tenant's events after a place, a page at a time. */
async function idsAfter(tenantId: string, after: Place, limit = 100): Promise<string[]> {
  const horizon = await settled();
  const [page = []] = await readStored(pool, events, [{ tenantId, after }], { horizon, limit });
  return page.map(({ id }) => id);
}

async function store(...batch: NewEvent[]): Promise<string[]> {
  await append(database.pool, batch);
  return batch.map(({ id }) => id);
}

const start = () => beginningOf(0n, Date.now());

describe('what is stored', () => {
  test('is read in the order of transactions, within one by id, from any place on', async () => {
    const tenantId = newId();
    const [older, newer] = [anEvent({ tenantId }), anEvent({ tenantId })];
    const batch = [anEvent({ tenantId }), anEvent({ tenantId }), anEvent({ tenantId })];
    await store(newer);
    await store(...batch);
    await store(older);
    const all = [newer.id, ...batch.map(({ id }) => id).sort(), older.id];
    expect(await idsAfter(tenantId, start())).toEqual(all);
    expect(await idsAfter(tenantId, start(), 2)).toEqual(all.slice(0, 2));
    for (const [index, id] of all.entries()) {
      const storedIn = (await storedInOf(pool, 'events', tenantId, id)) ?? 0n;
      const place = { storedIn, id, timeMs: timeOfId(id) };
      expect(await idsAfter(tenantId, place)).toEqual(all.slice(index + 1));
    }
  });

  test('is read for many tenants at once, each from its own place and its own things alone', async () => {
    const tenants = [newId(), newId(), newId()];
    for (const tenantId of tenants) await store(anEvent({ tenantId }), anEvent({ tenantId }));
    const horizon = await settled();
    const cursors = [...tenants, newId()].map((tenantId) => ({ tenantId, after: start() }));
    const pages = await readStored<{ tenant_id: string }>(pool, events, cursors, { horizon, limit: 10 });
    expect(pages.map((page) => page.map(({ tenant_id }) => tenant_id))).toEqual([
      ...tenants.map((tenantId) => [tenantId, tenantId]),
      [],
    ]);
  });

  test('is beyond the horizon while a transaction from before it is under way, and none of it is left out later', async () => {
    const tenantId = newId();
    const other = await pool.connect();
    try {
      await other.query('begin');
      const { rows } = await other.query<{ id: string }>('select pg_current_xact_id()::text as id');
      const underWay = BigInt(rows[0]?.id ?? 0);
      const [quick] = await store(anEvent({ tenantId }));
      const { horizon } = await lookAtOrder(pool);
      expect(horizon).toBeLessThanOrEqual(underWay);
      const cursor = { tenantId, after: start() };
      await expect(readStored(pool, events, [cursor], { horizon, limit: 10 })).resolves.toEqual([[]]);
      const slow = anEvent({ tenantId });
      await other.query(
        `insert into events (tenant_id, id, source_id, provider, received_at, method, path, query, size, scheme)
         values ($1, $2, $3, 'callbox', now(), 'POST', '/', '', 0, 'hmac')`,
        [tenantId, slow.id, newId()],
      );
      await other.query('commit');
      expect(await idsAfter(tenantId, beginningOf(horizon, Date.now()))).toEqual([slow.id, quick]);
    } finally {
      other.release();
    }
  });

  test('is found by time from the transaction on that stored the first of it, however late it was committed', async () => {
    const tenantId = newId();
    const nowMs = Date.now();
    const [early, late] = [
      anEvent({ tenantId, id: idOf(nowMs - 2_000) }),
      anEvent({ tenantId, id: idOf(nowMs) }),
    ];
    await store(late);
    await store(early);
    const { next } = await lookAtOrder(pool);
    const since = (timeMs: number) => storedSince(pool, 'events', { tenantId, timeMs, next });
    expect(await since(nowMs)).toBe(await storedInOf(pool, 'events', tenantId, late.id));
    expect(await since(nowMs + 60_000)).toBeNull();
    expect(await storedSince(pool, 'events', { tenantId, timeMs: nowMs, next: 3n })).toBeNull();
    expect(await storedSince(pool, 'events', { tenantId: newId(), timeMs: nowMs, next })).toBeNull();
  });

  test('before that was written down has no place', async () => {
    const [id = ''] = await store(anEvent({ tenantId: newId() }));
    await database.pool.query('update events set stored_in = null');
    const { rows } = await database.pool.query<{ tenant_id: string }>('select tenant_id from events');
    expect(await storedInOf(pool, 'events', rows[0]?.tenant_id ?? '', id)).toBeNull();
    expect(await idsAfter(rows[0]?.tenant_id ?? '', start())).toEqual([]);
  });
});

/** An id of a time, unlike any other. */
function idOf(timeMs: number): string {
  return idAtTime(timeMs).slice(0, 14) + newId().slice(14);
}

test('partitions of any day note it, and have the index', async () => {
  await ensurePartitions(database.pool, Date.now() + 30 * DAY_MS);
  const tenantId = newId();
  const ids = await store(anEvent({ tenantId }), anEvent({ tenantId, id: idOf(Date.now() + 30 * DAY_MS) }));
  const { rows } = await database.pool.query<object>(
    `select stored_in is not null as noted, exists (
       select from pg_index where indrelid = e.tableoid and pg_get_indexdef(indexrelid) like '%(tenant_id, stored_in)%'
     ) as indexed from events e where id = any ($1)`,
    [ids],
  );
  expect(rows).toEqual([
    { noted: true, indexed: true },
    { noted: true, indexed: true },
  ]);
});

test('a page reads little more than itself from the index, also with a plan made while the table was empty', async () => {
  const tenantId = newId();
  await idsAfter(tenantId, start());
  const client = await pool.connect();
  try {
    await client.query(`prepare page as select * from events e where tenant_id = $1 and id >= $2 and stored_in >= $3
      and (stored_in, id) > ($3, $4) and stored_in < $5 order by stored_in, id limit 100`);
    const explain = async (): Promise<string> => {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `explain (analyze, costs off, timing off, summary off)
         execute page ('${tenantId}', '${idAtTime(Date.now() - DAY_MS)}', '1', '${idAtTime(0)}', '9000000000')`,
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    await explain();
    const appender = new Appender(database.pool);
    for (let transaction = 0; transaction < 100; transaction += 1)
      await appender.append(Array.from({ length: 64 }, () => anEvent({ tenantId })));
    appender.release();
    const plan = await explain();
    expect(plan).toMatch(/Index Scan using events_\d+_tenant_id_stored_in_idx/);
    expect(plan).not.toMatch(/->  Sort|Seq Scan|Bitmap/);
    const scanned = [...plan.matchAll(/Scan using .*rows=(\d+)/g)].reduce(
      (sum, [, rows]) => sum + Number(rows),
      0,
    );
    expect(scanned).toBeGreaterThanOrEqual(100);
    expect(scanned).toBeLessThan(400);
  } finally {
    client.release();
  }
  expect(await idsAfter(tenantId, start())).toHaveLength(100);
});
