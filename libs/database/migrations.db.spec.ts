import { DataSource } from 'typeorm';
import { createDatabase, type TestDatabase } from '#testing';
import { migrations } from '../../migrations/index.js';

let database: TestDatabase;
let dataSource: DataSource;
beforeAll(async () => {
  database = await createDatabase();
  dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    migrations,
    migrationsTableName: 'migrations',
  });
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** Every column, index, policy and constraint there is, in words. */
async function shape(): Promise<string[]> {
  const { rows } = await database.pool.query<{ line: string }>(
    `select concat_ws(' ', 'column', table_name, column_name, udt_name, is_nullable, column_default) as line
       from information_schema.columns where table_schema = 'public'
     union all select indexdef from pg_indexes where schemaname = 'public'
     union all select concat_ws(' ', 'policy', tablename, policyname, roles, cmd, qual, with_check)
       from pg_policies where schemaname = 'public'
     union all select concat_ws(' ', 'constraint', conrelid::regclass, pg_get_constraintdef(oid))
       from pg_constraint where connamespace = 'public'::regnamespace
     order by 1`,
  );
  return rows.map(({ line }) => line);
}

test('every migration can be undone, and what is then made anew is the same', async () => {
  const before = await shape();
  for (let undone = 0; undone < migrations.length; undone += 1)
    await dataSource.undoLastMigration({ transaction: 'each' });
  const { rows } = await database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
  );
  expect(rows.map(({ name }) => name)).toEqual(['migrations']);
  const ran = await dataSource.runMigrations({ transaction: 'each' });
  expect(ran).toHaveLength(migrations.length);
  const isOfPartition = (line: string) => /_p?\d{4,}|_w\d/.test(line);
  expect((await shape()).filter((line) => !isOfPartition(line))).toEqual(
    before.filter((line) => !isOfPartition(line)),
  );
});
