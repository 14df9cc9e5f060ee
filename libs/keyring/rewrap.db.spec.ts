import { createDatabase, KEY_SERVER, KeyServer, type TestDatabase } from '#testing';
import { KeyProviders, Keyring, type KeyStore, countWrappedKeys, rewrapAll } from './index.js';
import { KeyService } from './key-service.js';
import { MasterKey } from './master-key.js';
import { VaultTransit } from './vault-transit.js';

const [OLD, NEW] = [new MasterKey(Buffer.alloc(32, 1)), new MasterKey(Buffer.alloc(32, 2))];
const SECRET = 'whsec_AAAA';
const COUNT = 450;

let database: TestDatabase;
let store: KeyStore;
let statements = 0;
/** Sealed under each tenant's data key, by tenant. */
let sealed: Map<string, Buffer>;

beforeAll(async () => {
  database = await createDatabase();
  store = {
    queryAcrossTenants: async <Row>(sql: string, parameters: readonly unknown[]) => {
      statements += 1;
      return (await database.pool.query(sql, [...parameters])).rows as Row[];
    },
  };
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.pool.query('delete from tenants');
  await database.pool.query('delete from system_keys');
  const keyring = await Keyring.open(store, new KeyProviders([OLD]));
  sealed = new Map();
  const wrapped: Buffer[] = [];
  for (let index = 0; index < COUNT; index += 1) {
    const id = `019aa9f0-1c2d-7000-8000-${String(index).padStart(12, '0')}`;
    const key = await keyring.makeDataKey(id);
    wrapped.push(key);
    sealed.set(id, (await keyring.openDataKey(id, key)).encrypt('place', id, SECRET));
  }
  await database.pool.query(
    `insert into tenants (id, slug, name, wrapped_key, created_at)
     select id, id::text, '', key, now() from unnest($1::uuid[], $2::bytea[]) as made (id, key)`,
    [[...sealed.keys()], wrapped],
  );
});

/** Opens every secret, with these keys alone. */
async function openAll(...providers: (MasterKey | VaultTransit)[]): Promise<number> {
  const keyring = await Keyring.open(store, new KeyProviders(providers));
  const { rows } = await database.pool.query<{ id: string; wrapped_key: Buffer }>(
    'select id, wrapped_key from tenants where length(wrapped_key) > 0',
  );
  for (const { id, wrapped_key: key } of rows) {
    const opened = await keyring.openDataKey(id, key);
    expect(opened.decrypt('place', id, sealed.get(id) ?? Buffer.alloc(0)).toString()).toBe(SECRET);
  }
  return rows.length;
}

async function prefixes(): Promise<Record<string, number>> {
  const counts = await countWrappedKeys(store);
  return Object.fromEntries(
    counts.map(({ table, prefix, count }) => [`${table} ${prefix.toString('hex')}`, count]),
  );
}

const under = (key: { prefix: Buffer }, count = COUNT) => ({
  [`system_keys ${key.prefix.toString('hex')}`]: 1,
  [`tenants ${key.prefix.toString('hex')}`]: count,
});

test('a rewrap leaves nothing under the old key, and every secret opens with the new one alone', async () => {
  expect(await prefixes()).toEqual(under(OLD));
  const progress: number[] = [];
  const result = await rewrapAll(store, new KeyProviders([NEW, OLD]), (count) => progress.push(count));
  expect(result).toEqual({ rewrapped: COUNT + 1, unmoved: [] });
  expect(progress.at(-1)).toBe(COUNT + 1);
  expect(await prefixes()).toEqual(under(NEW));
  expect(await openAll(NEW)).toBe(COUNT);
  await expect(openAll(OLD)).rejects.toThrow(/CALLBOX_MASTER_KEY does not fit/);
});

test('a rewrap that is cut off anywhere loses nothing, and the next one goes on', async () => {
  const providers = new KeyProviders([NEW, OLD]);
  for (const patience of [1, 2, 3, 50, 170]) {
    const until = statements + patience;
    const cutOff: KeyStore = {
      queryAcrossTenants: (sql, parameters) =>
        statements >= until
          ? Promise.reject(new Error('cut off'))
          : store.queryAcrossTenants(sql, parameters),
    };
    await expect(rewrapAll(cutOff, providers)).rejects.toThrow('cut off');
    expect(await openAll(NEW, OLD)).toBe(COUNT);
  }
  await rewrapAll(store, providers);
  expect(await prefixes()).toEqual(under(NEW));
});

test('several rewraps at once come to the same end', async () => {
  const results = await Promise.all([1, 2, 3].map(() => rewrapAll(store, new KeyProviders([NEW, OLD]))));
  expect(results.map(({ unmoved }) => unmoved)).toEqual([[], [], []]);
  expect(results.reduce((sum, { rewrapped }) => sum + rewrapped, 0)).toBe(COUNT + 1);
  expect(await prefixes()).toEqual(under(NEW));
  expect(await openAll(NEW)).toBe(COUNT);
});

test('the key of a tenant that is erased meanwhile does not come back', async () => {
  const [erased] = sealed.keys();
  const erasing: KeyStore = {
    queryAcrossTenants: async <Row>(sql: string, parameters: readonly unknown[]) => {
      const rows = await store.queryAcrossTenants<Row>(sql, parameters);
      if (/from tenants\s+where/.test(sql))
        await database.pool.query(`update tenants set wrapped_key = '' where id = $1`, [erased]);
      return rows;
    },
  };
  const result = await rewrapAll(erasing, new KeyProviders([NEW, OLD]));
  expect(result).toEqual({ rewrapped: COUNT, unmoved: [] });
  const { rows } = await database.pool.query<{ wrapped_key: Buffer }>(
    'select wrapped_key from tenants where id = $1',
    [erased],
  );
  expect(rows[0]?.wrapped_key).toHaveLength(0);
});

test('what nobody can read is named and left as it is; erased tenants are passed over', async () => {
  const [altered, foreign, erased] = [...sealed.keys()];
  const stranger = await new MasterKey(Buffer.alloc(32, 9)).wrap(Buffer.alloc(32), []);
  await database.pool.query(
    'update tenants set wrapped_key = set_byte(wrapped_key, 40, 255 - get_byte(wrapped_key, 40)) where id = $1',
    [altered],
  );
  await database.pool.query('update tenants set wrapped_key = $2 where id = $1', [foreign, stranger]);
  await database.pool.query(`update tenants set wrapped_key = '' where id = $1`, [erased]);
  const before = await database.pool.query('select id, wrapped_key from tenants where id = any($1)', [
    [altered, foreign, erased],
  ]);
  const { rewrapped, unmoved } = await rewrapAll(store, new KeyProviders([NEW, OLD]));
  expect(rewrapped).toBe(COUNT + 1 - 3);
  expect(unmoved).toEqual([
    { table: 'tenants', id: altered },
    { table: 'tenants', id: foreign },
  ]);
  const after = await database.pool.query('select id, wrapped_key from tenants where id = any($1)', [
    [altered, foreign, erased],
  ]);
  const byId = (rows: unknown[]) => new Map((rows as { id: string }[]).map((row) => [row.id, row]));
  expect(byId(after.rows)).toEqual(byId(before.rows));
});

test('keys move to a key service and back, and a stumbling service is asked again', async () => {
  const server = await KeyServer.start();
  const settings = { address: server.url, token: KEY_SERVER.token, namespace: undefined };
  const vault = () => new VaultTransit(new KeyService('Vault'), settings, 'transit/callbox');
  await database.pool.query('delete from tenants where id <> all($1)', [[...sealed.keys()].slice(0, 20)]);

  server.mood = 'broken';
  const moving = rewrapAll(store, new KeyProviders([vault(), OLD]));
  const healed = setTimeout(() => (server.mood = 'working'), 100);
  expect(await moving).toEqual({ rewrapped: 21, unmoved: [] });
  clearTimeout(healed);
  expect(await prefixes()).toEqual(under(vault(), 20));
  expect(await openAll(vault())).toBe(20);

  await rewrapAll(store, new KeyProviders([NEW, vault()]));
  expect(await prefixes()).toEqual(under(NEW, 20));
  expect(await openAll(NEW)).toBe(20);
  await server.stop();
}, 30_000);
