import { randomBytes } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { loadSettings } from '#config';
import { createDatabase, type TestDatabase } from '#testing';
import { createDataSourceOptions } from './connect.js';
import { Database } from './database.js';
import { newId } from './ids.js';

const [TENANT, STRANGER] = [newId(), newId()];

let rows: TestDatabase;
let dataSource: DataSource;
let database: Database;
beforeAll(async () => {
  rows = await createDatabase();
  const loaded = loadSettings({
    DATABASE_URL: rows.url,
    CALLBOX_MASTER_KEY: randomBytes(32).toString('base64'),
  });
  if (!loaded.ok) throw new Error(loaded.mistakes.join());
  dataSource = await new DataSource(createDataSourceOptions(rows.url)).initialize();
  database = new Database(dataSource, loaded.settings);
  for (const id of [TENANT, STRANGER])
    await rows.pool.query(
      `with tenant as (
         insert into tenants (id, slug, name, wrapped_key, created_at) values ($1::uuid, $1::text, 'One', '\\x00', now())
       )
       insert into destinations (tenant_id, id, name, url, signing, timeout_seconds, status, created_at)
       values ($1::uuid, $1::uuid, 'One', 'http://127.0.0.1:9/', 'none', 15, 'paused', now())`,
      [id],
    );
});
beforeEach(() => rows.pool.query(`update destinations set name = 'One'`));
afterAll(async () => {
  await database.onApplicationShutdown();
  await dataSource.destroy();
  await rows.drop();
});

const names = async (manager: EntityManager): Promise<string[]> =>
  (await manager.query<{ name: string }[]>('select name from destinations')).map(({ name }) => name);

const transactionOf = async (manager: EntityManager): Promise<number> =>
  (await manager.query<{ pid: number }[]>('select pg_backend_pid() as pid'))[0]?.pid ?? 0;

describe('what is read together', () => {
  test('is of one moment and of one tenant, whichever part asks', async () => {
    const read = await database.reading(TENANT, async () => {
      const before = await database.tenant(TENANT, names);
      await rows.pool.query(`update destinations set name = 'Two'`);
      return [before, await database.tenant(TENANT, names)];
    });
    expect(read).toEqual([['One'], ['One']]);
    await expect(database.tenant(TENANT, names)).resolves.toEqual(['Two']);
  });

  test('uses one connection, also for parts that begin together or within each other', async () => {
    const used = await database.reading(TENANT, () =>
      Promise.all([
        database.tenant(TENANT, transactionOf),
        database.tenant(TENANT, () => database.tenant(TENANT, transactionOf)),
        database.tenant(TENANT, transactionOf),
      ]),
    );
    expect(new Set(used).size).toBe(1);
  });

  test('cannot be written', async () => {
    const write = () =>
      database.tenant(TENANT, (manager) =>
        manager.query(`update destinations set name = 'Three' where id = $1`, [TENANT]),
      );
    await expect(database.reading(TENANT, write)).rejects.toThrow('read-only transaction');
    await expect(write()).resolves.toBeDefined();
  });

  test('leaves another tenant to a transaction of its own', async () => {
    await rows.pool.query(`update destinations set name = 'Other' where id = $1`, [STRANGER]);
    const read = await database.reading(TENANT, async () => [
      await database.tenant(STRANGER, names),
      await database.tenant(TENANT, names),
    ]);
    expect(read).toEqual([['Other'], ['One']]);
  });

  test('gives its connection back, in order, when a part fails', async () => {
    for (let round = 0; round < 20; round += 1)
      await expect(
        database.reading(TENANT, () => database.tenant(TENANT, (manager) => manager.query('select 1 / 0'))),
      ).rejects.toThrow('division by zero');
    await expect(database.reading(TENANT, () => database.tenant(TENANT, names))).resolves.toEqual(['One']);
  });
});
