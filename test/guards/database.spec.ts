import { DataSource } from 'typeorm';
import { TestApp } from '#testing';
import { buildWorld, type World } from './world.fixture.js';

/** Hold a tenant id and yet are not a tenant's: they are how a tenant is found. */
const DIRECTORIES = ['api_key_directory'];

let app: TestApp;
let world: World;
let tables: string[];
beforeAll(async () => {
  app = await TestApp.start();
  world = await buildWorld(app);
  const { rows } = await app.database.pool.query<{ name: string }>(
    `select c.relname as name from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
     where c.relkind in ('r', 'p') and not c.relispartition and c.relname <> all ($1) order by 1`,
    [DIRECTORIES],
  );
  tables = rows.map(({ name }) => name);
});
afterAll(async () => {
  await world.receiver.stop();
  await app.stop();
});

const typeNames: Readonly<Record<string, string>> = {
  uuid: 'uuid',
  text: 'text',
  bytea: 'bytea',
  jsonb: 'jsonb',
  boolean: 'bool',
  integer: 'int4',
  bigint: 'int8',
  timestamptz: 'timestamptz',
  'timestamp with time zone': 'timestamptz',
};

describe('the entities', () => {
  test('have the columns, types, nullability and keys of the migrated tables', async () => {
    const { entityMetadatas } = app.app.get(DataSource);
    expect(entityMetadatas.length).toBeGreaterThanOrEqual(5);
    for (const entity of entityMetadatas) {
      const { rows } = await app.database.pool.query<{
        column_name: string;
        udt_name: string;
        is_nullable: string;
        datetime_precision: number | null;
      }>(
        `select column_name, udt_name, is_nullable, datetime_precision from information_schema.columns
         where table_schema = 'public' and table_name = $1`,
        [entity.tableName],
      );
      const real = new Map(rows.map((row) => [row.column_name, row]));
      for (const column of entity.columns) {
        const name = `${entity.tableName}.${column.databaseName}`;
        const row = real.get(column.databaseName);
        const element = typeNames[String(column.type)];
        expect([name, row?.udt_name]).toEqual([name, column.isArray ? `_${element}` : element]);
        expect([name, row?.is_nullable]).toEqual([name, column.isNullable ? 'YES' : 'NO']);
        if (element === 'timestamptz')
          expect([name, row?.datetime_precision]).toEqual([name, column.precision ?? 6]);
      }
      expect([...real.keys()].sort()).toEqual(entity.columns.map((column) => column.databaseName).sort());
      const key = await primaryKey(entity.tableName);
      expect([entity.tableName, key]).toEqual([
        entity.tableName,
        entity.primaryColumns.map((column) => column.databaseName),
      ]);
      expect(entity.relations).toEqual([]);
    }
  });
});

describe("a tenant's table", () => {
  test('is one of these', () => {
    expect(tables).toEqual(
      expect.arrayContaining(['api_keys', 'callback_secrets', 'destinations', 'events', 'sources']),
    );
  });

  test('has row-level security, forced', async () => {
    const { rows } = await app.database.pool.query<{ name: string; safe: boolean }>(
      `select relname as name, relrowsecurity and relforcerowsecurity as safe from pg_class
       where relname = any ($1) or relispartition and relkind = 'r'`,
      [[...tables, ...DIRECTORIES]],
    );
    expect(rows.filter(({ safe }) => !safe)).toEqual([]);
    expect(rows.length).toBeGreaterThan(tables.length + DIRECTORIES.length);
  });

  test('has the tenant id first in its key and in every index and unique constraint', async () => {
    const { rows } = await app.database.pool.query<{ table: string; index: string; first: string }>(
      `select t.relname as table, i.relname as index, a.attname as first
       from pg_index x
       join pg_class t on t.oid = x.indrelid
       join pg_class i on i.oid = x.indexrelid
       left join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[0]
       where t.relname = any ($1)`,
      [tables],
    );
    expect(rows.length).toBeGreaterThanOrEqual(tables.length);
    expect(rows.filter(({ first }) => first !== 'tenant_id')).toEqual([]);
  });

  test('refers to no other tenant: every foreign key begins with the tenant id', async () => {
    const { rows } = await app.database.pool.query<{ name: string; from: string; to: string }>(
      `select c.conname as name,
         (select attname from pg_attribute where attrelid = c.conrelid and attnum = c.conkey[1]) as from,
         (select attname from pg_attribute where attrelid = c.confrelid and attnum = c.confkey[1]) as to
       from pg_constraint c join pg_class t on t.oid = c.conrelid
       where c.contype = 'f' and t.relname = any ($1)`,
      [tables],
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { name, from, to } of rows)
      expect([name, from, ['tenant_id', 'id'].includes(to)]).toEqual([name, 'tenant_id', true]);
  });

  test('shows nothing to a query that has no tenant, and only its own to one that has', async () => {
    const filled = [];
    for (const table of tables) {
      const [all, unscoped, own, foreign] = [
        await count(table),
        await count(table, ''),
        await count(table, uuid(world.tenant.id)),
        await count(table, '00000000-0000-7000-8000-000000000000'),
      ];
      expect([table, unscoped, foreign]).toEqual([table, 0, 0]);
      expect([table, own <= all]).toEqual([table, true]);
      if (own > 0) filled.push(table);
    }
    expect(filled).toEqual(
      expect.arrayContaining(['api_keys', 'attempts', 'callback_secrets', 'deliveries', 'events', 'sources']),
    );
  });

  test('is closed to the connections of the management API until a transaction names a tenant', async () => {
    const api = app.app.get(DataSource);
    const [role] = await api.query<{ name: string; owns: boolean; crosses: boolean }[]>(
      `select current_user as name,
         exists (select from pg_class where relname = any ($1) and pg_get_userbyid(relowner) = current_user) as owns,
         (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as crosses`,
      [tables],
    );
    expect(role).toEqual({ name: 'callbox_tenant', owns: false, crosses: false });
    for (const table of tables) {
      const [row] = await api.query<{ count: number }[]>(`select count(*)::integer as count from ${table}`);
      expect([table, row?.count]).toEqual([table, 0]);
    }
  });

  test("takes no row of another tenant's", async () => {
    const insert = `insert into sources (tenant_id, id, slug, name, provider, config, status, created_at)
      select $1, gen_random_uuid(), 'planted', 'planted', 'callbox', '{}', 'active', now()`;
    const other = await app.tenant();
    const planting = asTenant(uuid(other.id), insert, [uuid(world.tenant.id)]);
    await expect(planting).rejects.toThrow(/row-level security/);
  });

  test('cannot be reached through its partitions, nor can keys and the directory', async () => {
    const { rows } = await app.database.pool.query<{ name: string }>(
      `select relname as name from pg_class where relispartition and relkind = 'r'`,
    );
    expect(rows.length).toBeGreaterThan(0);
    const closed = [...rows.map(({ name }) => name), 'system_keys', 'tenants', ...DIRECTORIES];
    for (const name of closed)
      await expect(asTenant(uuid(world.tenant.id), `select from "${name}"`)).rejects.toThrow(
        /permission denied/,
      );
  });
});

async function primaryKey(table: string): Promise<string[]> {
  const { rows } = await app.database.pool.query<{ name: string }>(
    `select a.attname as name
     from pg_index x
     cross join unnest(x.indkey) with ordinality k (number, position)
     join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.number
     where x.indrelid = $1::regclass and x.indisprimary order by k.position`,
    [table],
  );
  return rows.map(({ name }) => name);
}

/** Counts rows as the management API would see them; as the owner when no tenant is given. */
async function count(table: string, tenantId?: string): Promise<number> {
  const sql = `select count(*)::integer as count from ${table}`;
  const { rows } =
    tenantId === undefined
      ? await app.database.pool.query<{ count: number }>(sql)
      : await asTenant<{ count: number }>(tenantId, sql);
  return rows[0]?.count ?? -1;
}

async function asTenant<Row extends object>(tenantId: string, sql: string, parameters: unknown[] = []) {
  const client = await app.database.pool.connect();
  try {
    await client.query('begin');
    await client.query(
      `select set_config('role', 'callbox_tenant', true), set_config('callbox.tenant_id', $1, true)`,
      [tenantId],
    );
    return await client.query<Row>(sql, parameters);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

function uuid(ulid: string): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const value = [...ulid].reduce((sum, character) => sum * 32n + BigInt(alphabet.indexOf(character)), 0n);
  return value
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
