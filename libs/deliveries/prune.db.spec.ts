import { idAtTime, newId } from '#database';
import { makePartitions, partitionGroups, retirePartitions } from '#events';
import { eventually, openPool, rowsReadBy } from '#testing';
import { deleteExpired, longestRetention } from './expire-events.js';
import { Pruner } from './prune.js';
import { Rows } from './rows.fixture.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TODAY_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const NOON_MS = TODAY_MS + 12 * HOUR_MS;
/** Noon of so many days ago. */
const ago = (days: number): number => NOON_MS - days * DAY_MS;

let rows: Rows;
let pruner: Pruner;
beforeEach(async () => {
  rows = await Rows.start();
  pruner = new Pruner(rows.database.pool);
});
afterEach(() => rows.stop());

async function ids(table = 'events', column = 'id'): Promise<unknown[]> {
  return (await rows.run(`select ${column} as id from ${table} order by 1`)).map(({ id }) => id);
}

async function tables(): Promise<unknown[]> {
  const found = await rows.run(
    `select relname from pg_class where relkind = 'r' and relname ~ '^event(s|_contents)_\\d' order by 1`,
  );
  return found.map(({ relname }) => relname);
}

const tablesOf = (...days: number[]): string[] =>
  ['event_contents', 'events'].flatMap((table) =>
    days.map((day) => `${table}_${new Date(ago(day)).toISOString().slice(0, 10).replaceAll('-', '')}`),
  );

/** A partition for each day from so many days ago until today, or some days after it. */
const makeDays = (days: number, ahead = 0) =>
  makePartitions(rows.database.pool, {
    fromMs: TODAY_MS - days * DAY_MS,
    toMs: TODAY_MS + (ahead + 1) * DAY_MS,
  });

/** Until nothing is left to do; every call does something bounded. */
async function pruneAll(nowMs = NOON_MS): Promise<void> {
  for (let round = 0; (await pruner.prune(nowMs)) > 0; round += 1)
    if (round > 50) throw new Error('pruning never ends');
}

async function expectToBeLeft(...kept: string[]): Promise<void> {
  expect(await ids()).toEqual([...kept].sort());
  for (const [table, column] of [
    ['event_contents', 'id'],
    ['duplicate_counts', 'event_id'],
    ['deliveries', 'event_id'],
  ] as const)
    expect([table, await ids(table, column)]).toEqual([table, [...kept].sort()]);
  expect(await ids('attempts', 'delivery_id')).toEqual(await ids('deliveries'));
}

test('a day whose events are all past their retention goes as a whole, with all that became of them', async () => {
  await makeDays(4);
  await rows.run(`update sources set config = '{"retention_days": 3}'`);
  await rows.event(ago(4));
  await rows.event(ago(4) + 11 * HOUR_MS);
  const kept = [await rows.event(ago(3)), await rows.event(ago(0))];
  await pruneAll();
  await expectToBeLeft(...kept);
  expect(await tables()).toEqual(tablesOf(3, 2, 1, 0));
});

test('events stay until their day can go, at most a day longer than their retention', async () => {
  await makeDays(4, 1);
  await rows.run(`update sources set config = '{"retention_days": 3}'`);
  const kept = await rows.event(ago(3) - 11 * HOUR_MS);
  await pruneAll();
  await expectToBeLeft(kept);
  await pruneAll(TODAY_MS + DAY_MS);
  await expectToBeLeft();
});

test('without a setting events stay 30 days', async () => {
  await makeDays(31);
  await rows.event(ago(31));
  const kept = await rows.event(ago(30));
  await pruneAll();
  await expectToBeLeft(kept);
});

test('events of a deleted source go in their time, not before', async () => {
  await makeDays(31);
  await rows.run('update sources set deleted_at = now()');
  await rows.event(ago(31));
  const kept = await rows.event(ago(29));
  await pruneAll();
  await expectToBeLeft(kept);
});

test('from a day that another source keeps for longer, events go row by row on time', async () => {
  await makeDays(12);
  const brief = await rows.source(3);
  const kept = [await rows.event(ago(10)), await rows.event(ago(3) + HOUR_MS, brief)];
  await rows.event(ago(10), brief);
  await rows.event(ago(3) - HOUR_MS, brief);
  kept.push(await rows.event(ago(3)));
  await pruneAll();
  await expectToBeLeft(...kept);
  expect(await tables()).toEqual(expect.arrayContaining(tablesOf(10, 3)));
});

test('the events of a source that go row by row are found without reading the many of another', async () => {
  await makeDays(40);
  const [kept, short] = [await rows.source(60), await rows.source(5)];
  const start = idAtTime(ago(20)).slice(0, 13);
  await rows.run(
    `insert into events (tenant_id, id, source_id, provider, received_at, method, path, query, size, scheme)
     select $1, ($3 || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $2, 'runflow', now(), 'POST', '/', '', 1, 'hmac'
     from generate_series(1, 20000) as n`,
    rows.tenantId,
    kept,
    start,
  );
  await rows.run('analyze events');
  await rows.event(ago(20), short);
  const pool = openPool(rows.database.url, 1);
  try {
    const range = { fromMs: TODAY_MS - 20 * DAY_MS, toMs: TODAY_MS - 19 * DAY_MS };
    const run = async (sql: string, parameters: unknown[]) =>
      (await pool.query<{ rows: number }>(sql, parameters)).rows;
    await pool.query('begin');
    const looked = await rowsReadBy(run, 'events', async () => {
      expect(await longestRetention(pool, range)).toBe(60);
    });
    const deleted = await rowsReadBy(run, 'events', async () => {
      const limits = { nowMs: NOON_MS, droppedAtMs: Infinity, mostRows: 10 };
      expect(await deleteExpired(pool, range, limits)).toBe(1);
    });
    expect([looked < 100 ? 'few' : looked, deleted < 100 ? 'few' : deleted]).toEqual(['few', 'few']);
  } finally {
    await pool.end();
  }
});

test('any number of rows go, a bounded number at a time', async () => {
  await makeDays(12);
  const brief = await rows.source(3);
  const kept = await rows.event(ago(10));
  await rows.run(
    `insert into events (tenant_id, id, source_id, provider, received_at, method, path, query, size, scheme)
     select $1, ($3 || lpad(to_hex(n), 18, '0'))::uuid, $2, 'runflow', now(), 'POST', '/', '', 1, 'hmac'
     from generate_series(1, 2500) as n`,
    rows.tenantId,
    brief,
    idAtTime(ago(10)).slice(0, 18).replaceAll('-', '').slice(0, 14),
  );
  expect(await pruner.prune(NOON_MS)).toBe(1_000);
  await pruneAll();
  await expectToBeLeft(kept);
});

test("what is left of a week's partition goes day by day, and then as a whole", async () => {
  for (const table of ['events', 'event_contents'])
    await rows.run(
      `create table ${table}_20200106 partition of ${table}
       for values from ('${idAtTime(TODAY_MS - 8 * DAY_MS)}') to ('${idAtTime(TODAY_MS - DAY_MS)}')`,
    );
  await makeDays(10, 2);
  await rows.run(`update sources set config = '{"retention_days": 3}'`);
  await rows.event(ago(7));
  const kept = await rows.event(ago(2));
  await pruneAll();
  await expectToBeLeft(kept);
  expect(await tables()).toEqual(expect.arrayContaining(['events_20200106', 'event_contents_20200106']));
  await pruneAll(TODAY_MS + 2 * DAY_MS);
  await expectToBeLeft();
  expect((await tables()).filter((name) => String(name).endsWith('_20200106'))).toEqual([]);
});

test('days of which nobody has an event go like those that are full', async () => {
  await makeDays(40);
  await pruneAll();
  expect(await tables()).toEqual(tablesOf(...Array.from({ length: 31 }, (_, index) => 30 - index)));
});

test('deliveries of events whose partition has gone follow in batches, also those that came later', async () => {
  await makeDays(40);
  const destination = await rows.destination();
  const deliveries = await rows.deliveries(destination, 4_500);
  await rows.run(
    'update deliveries set event_id = $1 where id = any($2)',
    idAtTime(ago(35)),
    deliveries.slice(0, 4_499),
  );
  await pruner.prune(NOON_MS);
  expect((await ids('deliveries')).length).toBeGreaterThan(1);
  const [gone, kept] = [idAtTime(ago(36)), idAtTime(ago(2))];
  await rows.run(
    'insert into duplicate_counts select $1, id, 1 from unnest($2::uuid[]) as e (id)',
    rows.tenantId,
    [gone, kept],
  );
  await pruneAll();
  expect(await ids('deliveries')).toEqual(deliveries.slice(-1));
  expect(await ids('duplicate_counts', 'event_id')).toEqual([kept]);
});

test('nothing is taken for an orphan where today has no partition', async () => {
  await makePartitions(rows.database.pool, { fromMs: TODAY_MS - 3 * DAY_MS, toMs: TODAY_MS });
  await rows.attempted(idAtTime(ago(5)));
  await pruneAll();
  expect(await ids('deliveries', 'event_id')).toEqual([idAtTime(ago(5))]);
});

test('a partition that somebody reads stays, nobody waits for it, and it goes the next time', async () => {
  await makeDays(31);
  await rows.event(ago(31));
  const reader = await rows.database.pool.connect();
  try {
    await reader.query('begin');
    await reader.query('select count(*) from events');
    const groups = await partitionGroups(rows.database.pool);
    expect(await retirePartitions(rows.database.pool, groups[0] ?? [])).toBe(false);
    await rows.event(ago(0));
    expect(await ids()).toHaveLength(2);
  } finally {
    await reader.query('commit');
    reader.release();
  }
  await pruneAll();
  expect(await ids()).toHaveLength(1);
});

test('what a process took out and could not drop is dropped by the next one', async () => {
  await makeDays(31);
  const [oldest = []] = await partitionGroups(rows.database.pool);
  expect(await retirePartitions(rows.database.pool, oldest)).toBe(true);
  expect(await tables()).toEqual(expect.arrayContaining(tablesOf(31).map((name) => `${name}_retired`)));
  await pruneAll();
  expect(await tables()).toEqual(tablesOf(...Array.from({ length: 31 }, (_, index) => 30 - index)));
});

test('of several processes one prunes at a time, and in the end all is done once', async () => {
  await makeDays(40);
  const kept = await rows.event(ago(0));
  await rows.event(ago(35));
  const other = openPool(rows.database.url, 1);
  try {
    const busy = await other.connect();
    await busy.query('select pg_advisory_lock(5217010)');
    expect(await pruner.prune(NOON_MS)).toBe(0);
    expect(await ids()).toHaveLength(2);
    busy.release(true);
    await eventually(async () => {
      await pruneAll();
      await expectToBeLeft(kept);
    });
  } finally {
    await other.end();
  }
});

test('dedupe keys whose window has ended go, wherever they lie', async () => {
  await rows.run(
    `insert into dedupe_keys
     select $1, $2, 'key-' || n, $1, now() + case when n % 100 = 0 then interval '30 days' else interval '-1 second' end
     from generate_series(1, 20000) as n`,
    rows.tenantId,
    rows.sourceId,
  );
  await pruneAll();
  expect(
    await rows.run(`select count(*)::integer as count, min(expires_at) > now() as live from dedupe_keys`),
  ).toEqual([{ count: 200, live: true }]);
});

test('redeliveries go a month after they were ordered, unless some of their deliveries are left', async () => {
  await makeDays(1);
  const idOf = (days: number) => idAtTime(ago(days)).slice(0, 14) + newId().slice(14);
  const [empty, inUse, recent] = [idOf(31), idOf(32), idOf(29)];
  for (const id of [empty, inUse, recent])
    await rows.run('insert into redeliveries values ($1, $2, 1, now())', rows.tenantId, id);
  await rows.attempted(newId(), inUse);
  await pruneAll();
  expect(await ids('redeliveries')).toEqual([inUse, recent].sort());
});
