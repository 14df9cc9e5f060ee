import { Writable } from 'node:stream';
import type pg from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';
import { idAtTime, newId } from '#database';
import { createLogger } from '#logging';
import { createDatabase, openPool, type TestDatabase } from '#testing';
import { ContentsUnvisited1795300000012 } from '../../migrations/1795300000012-contents-unvisited.js';
import { FewOfEach1795300000013 } from '../../migrations/1795300000013-few-of-each.js';
import { append } from './append.fixture.js';
import { anEvent } from './new-event.fixture.js';
import { PartitionKeeper } from './partition-keeper.js';
import { ensurePartitions, partitions } from './partitions.js';

const DAY_MS = 86_400_000;
const TODAY_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS;

let database: TestDatabase;
let other: pg.Pool;
beforeEach(async () => {
  database = await createDatabase();
  other = openPool(database.url, 2);
});
afterEach(async () => {
  await other.end();
  await database.drop();
});

/** The days, as distances from today, that a table has partitions for. */
async function days(table: string): Promise<number[][]> {
  return (await partitions(database.pool))
    .filter((partition) => partition.table === table)
    .map(({ fromMs, toMs }) => [(fromMs - TODAY_MS) / DAY_MS, (toMs - TODAY_MS) / DAY_MS])
    .sort(([a = 0], [b = 0]) => a - b);
}

const NINE_DAYS = Array.from({ length: 9 }, (_, index) => [index - 1, index]);

test('there is one for yesterday, today and each of the next seven days, however many processes make them', async () => {
  await Promise.all(
    [database.pool, other, database.pool, other].map((pool) => ensurePartitions(pool, TODAY_MS)),
  );
  expect(await days('events')).toEqual(NINE_DAYS);
  expect(await days('event_contents')).toEqual(NINE_DAYS);
  await ensurePartitions(other, TODAY_MS + DAY_MS - 1);
  expect(await days('events')).toEqual(NINE_DAYS);
});

test('a process that starts long after the newest one has ended makes those of its own time', async () => {
  await ensurePartitions(database.pool, TODAY_MS - 100 * DAY_MS);
  await ensurePartitions(database.pool, TODAY_MS);
  expect(await days('events')).toEqual(expect.arrayContaining(NINE_DAYS));
  await expect(append(database.pool, [anEvent()])).resolves.toMatchObject([{ status: 'accepted' }]);
});

test('the days of a week that has a partition from before keep it', async () => {
  const bounds = `for values from ('${idAtTime(TODAY_MS - 3 * DAY_MS)}') to ('${idAtTime(TODAY_MS + 4 * DAY_MS)}')`;
  for (const table of ['events', 'event_contents'])
    await database.pool.query(`create table ${table}_20200106 partition of ${table} ${bounds}`);
  await ensurePartitions(database.pool, TODAY_MS);
  for (const table of ['events', 'event_contents'])
    expect(await days(table)).toEqual([
      [-3, 4],
      [4, 5],
      [5, 6],
      [6, 7],
      [7, 8],
    ]);
});

test('they hold the events of their day, with the wall, indexes and constraints of the whole', async () => {
  await ensurePartitions(database.pool, TODAY_MS);
  const event = anEvent();
  await append(database.pool, [event]);
  const { rows } = await database.pool.query<object>(
    `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as walled,
       (select count(*)::integer from pg_index where indrelid = c.oid) as indexes
     from events e join pg_class c on c.oid = e.tableoid where id = $1`,
    [event.id],
  );
  const name = `events_${new Date(event.receivedAtMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
  expect(rows).toEqual([{ name, walled: true, indexes: 6 }]);
  await expect(append(database.pool, [event])).rejects.toMatchObject({ code: '23505' });
});

test('they are made without waiting for those who read, and without making callbacks wait', async () => {
  await ensurePartitions(database.pool, TODAY_MS);
  const reader = await other.connect();
  try {
    await reader.query('begin');
    await reader.query('select count(*) from events');
    await ensurePartitions(database.pool, TODAY_MS + 5 * DAY_MS);
    await append(database.pool, [anEvent()]);
  } finally {
    await reader.query('rollback');
    reader.release();
  }
  expect(await days('events')).toHaveLength(14);
});

test('autovacuum reads no contents only because they were added, whether their partition is new or from before', async () => {
  await ensurePartitions(database.pool, TODAY_MS);
  const visited = async (): Promise<string[]> =>
    (
      await database.pool.query<{ name: string }>(
        `select relname as name from pg_class where relname ~ '^event_contents_\\d' and relkind = 'r' and not coalesce(
           reloptions @> '{autovacuum_vacuum_insert_threshold=-1,autovacuum_analyze_threshold=2147483647}', false
         )`,
      )
    ).rows.map(({ name }) => name);
  expect(await visited()).toEqual([]);
  await migrate(async (runner) => {
    const contentsUnvisited = new ContentsUnvisited1795300000012();
    await contentsUnvisited.down(runner);
    expect((await visited()).length).toBeGreaterThanOrEqual(9);
    await contentsUnvisited.up(runner);
  });
  expect(await visited()).toEqual([]);
});

test('each source counts as one of many for the planner, whether the partition is new or from before', async () => {
  await ensurePartitions(database.pool, TODAY_MS);
  const believed = async (): Promise<number[]> => {
    await database.pool.query(
      `insert into events (tenant_id, id, source_id, provider, received_at, method, path, query, size, scheme)
       select gen_random_uuid(), ($1 || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $2, 'x', now(), '', '', '', 1, ''
       from generate_series(1, 10) as n`,
      [idAtTime(TODAY_MS + Math.floor(Math.random() * DAY_MS)).slice(0, 13), newId()],
    );
    await database.pool.query('analyze events');
    const { rows } = await database.pool.query<{ n_distinct: number }>(
      `select n_distinct from pg_stats where tablename ~ '^events_\\d' and attname = 'source_id'`,
    );
    return rows.map(({ n_distinct }) => n_distinct);
  };
  expect(await believed()).toEqual([10_000]);
  await migrate(async (runner) => {
    const fewOfEach = new FewOfEach1795300000013();
    await fewOfEach.down(runner);
    expect(await believed()).not.toEqual([10_000]);
    await fewOfEach.up(runner);
  });
  expect(await believed()).toEqual([10_000]);
});

async function migrate(work: (runner: QueryRunner) => Promise<void>): Promise<void> {
  const dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  const runner = dataSource.createQueryRunner();
  try {
    await work(runner);
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
}

describe('a process that runs for weeks', () => {
  const logger = createLogger('silent', new Writable({ write: (_chunk, _encoding, done) => done() }));

  test('makes those of the days that begin, and looks at the clock alone while there are enough', async () => {
    const keeper = new PartitionKeeper(database.pool, logger);
    try {
      await keeper.look(TODAY_MS);
      expect(await days('events')).toEqual(NINE_DAYS);
      await database.pool.query('drop table events');
      await keeper.look(TODAY_MS + 1);
      expect(await days('event_contents')).toHaveLength(9);
      await database.pool.query(
        'create table events (tenant_id uuid not null, id uuid not null, source_id uuid) partition by range (id)',
      );
      await keeper.look(TODAY_MS + DAY_MS);
      expect(await days('event_contents')).toHaveLength(10);
    } finally {
      keeper.stop();
    }
  });

  test('starts where today is covered and somebody keeps it from making the next ones, and makes them later', async () => {
    await ensurePartitions(database.pool, TODAY_MS - 7 * DAY_MS);
    const keeper = new PartitionKeeper(database.pool, logger);
    const blocker = await other.connect();
    try {
      await blocker.query('begin');
      await blocker.query('lock table events in share update exclusive mode');
      await keeper.start();
      expect(await days('events')).toHaveLength(9);
      await blocker.query('rollback');
      await keeper.look(Date.now());
      expect(await days('events')).toEqual(expect.arrayContaining(NINE_DAYS));
    } finally {
      keeper.stop();
      blocker.release(true);
    }
  });

  test('does not start where a callback would have no place', async () => {
    const keeper = new PartitionKeeper(database.pool, logger);
    const blocker = await other.connect();
    try {
      await blocker.query('begin');
      await blocker.query('lock table events in share update exclusive mode');
      await expect(keeper.start()).rejects.toMatchObject({ code: '55P03' });
    } finally {
      keeper.stop();
      blocker.release(true);
    }
  });
});
