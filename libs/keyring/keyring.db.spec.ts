import { createDatabase, type TestDatabase } from '#testing';
import { CannotDecrypt, type DataKey, Keyring, KeyProviders, type KeyStore } from './index.js';
import { MasterKey } from './master-key.js';

const [MASTER, OTHER, THIRD] = [1, 2, 3].map((fill) => Buffer.alloc(32, fill)) as [Buffer, Buffer, Buffer];
const TENANT = '019aa9f0-1c2d-7000-8000-000000000001';
const STRANGER = '019aa9f0-1c2d-7000-8000-000000000002';
const ROW = '019aa9f0-1c2d-7000-8000-00000000000a';
const PLACE = 'callback_secrets.ciphertext';
const SECRET = 'whsec_AAAA';

let database: TestDatabase;
let store: KeyStore;
beforeAll(async () => {
  database = await createDatabase();
  store = {
    queryAcrossTenants: async <Row>(sql: string, parameters: readonly unknown[]) =>
      (await database.pool.query(sql, [...parameters])).rows as Row[],
  };
});
beforeEach(() => database.pool.query('delete from system_keys'));
afterAll(() => database.drop());

function open(...masterKeys: Buffer[]): Promise<Keyring> {
  return Keyring.open(store, new KeyProviders(masterKeys.map((key) => new MasterKey(key))));
}

async function dataKey(): Promise<DataKey> {
  const keyring = await open(MASTER);
  return keyring.openDataKey(TENANT, await keyring.makeDataKey(TENANT));
}

describe('a ciphertext', () => {
  test('decrypts to the same bytes, never looks alike and does not show its plain text', async () => {
    const key = await dataKey();
    const [one, two] = [key.encrypt(PLACE, ROW, SECRET), key.encrypt(PLACE, ROW, SECRET)];
    expect(one.equals(two)).toBe(false);
    expect(one.includes(SECRET)).toBe(false);
    for (const sealed of [one, two]) expect(key.decrypt(PLACE, ROW, sealed).toString()).toBe(SECRET);
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    expect(key.decrypt(PLACE, ROW, key.encrypt(PLACE, ROW, bytes))).toEqual(bytes);
    expect(key.decrypt(PLACE, ROW, key.encrypt(PLACE, ROW, ''))).toHaveLength(0);
  });

  test('never decrypts with any byte of it changed, cut off or added', async () => {
    const key = await dataKey();
    const sealed = key.encrypt(PLACE, ROW, SECRET);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8((changed.readUInt8(at) ^ 0x01) & 0xff, at);
      expect(() => key.decrypt(PLACE, ROW, changed)).toThrow(CannotDecrypt);
      expect(() => key.decrypt(PLACE, ROW, sealed.subarray(0, at))).toThrow(CannotDecrypt);
    }
    expect(() => key.decrypt(PLACE, ROW, Buffer.concat([sealed, Buffer.of(0)]))).toThrow(CannotDecrypt);
  });

  test('never decrypts in another row, column or tenant', async () => {
    const keyring = await open(MASTER);
    const wrapped = await keyring.makeDataKey(TENANT);
    const key = await keyring.openDataKey(TENANT, wrapped);
    const sealed = key.encrypt(PLACE, ROW, SECRET);
    expect(() => key.decrypt(PLACE, STRANGER, sealed)).toThrow(CannotDecrypt);
    expect(() => key.decrypt('destination_secrets.ciphertext', ROW, sealed)).toThrow(CannotDecrypt);
    const strangers = await keyring.openDataKey(STRANGER, await keyring.makeDataKey(STRANGER));
    expect(() => strangers.decrypt(PLACE, ROW, sealed)).toThrow(CannotDecrypt);
    await expect(keyring.openDataKey(STRANGER, wrapped)).rejects.toThrow(CannotDecrypt);
  });

  test('cannot be read by shifting letters between the parts of its place', async () => {
    const key = await dataKey();
    const sealed = key.encrypt('ab', `c${ROW}`, SECRET);
    expect(() => key.decrypt('abc', ROW, sealed)).toThrow(CannotDecrypt);
  });

  test('fails in one way only, which tells nothing of the secret', async () => {
    const key = await dataKey();
    const sealed = key.encrypt(PLACE, ROW, SECRET);
    const messages = [Buffer.alloc(0), sealed.subarray(0, 20), Buffer.alloc(80)].map((bytes) => {
      try {
        return key.decrypt(PLACE, ROW, bytes).toString();
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(new Set(messages).size).toBe(1);
  });
});

describe('a wrapped key', () => {
  test('never unwraps with any byte of it changed, cut off or added', async () => {
    const keyring = await open(MASTER, OTHER);
    const wrapped = await keyring.makeDataKey(TENANT);
    for (let at = 0; at < wrapped.length; at += 1) {
      for (const bit of [0x01, 0x80]) {
        const changed = Buffer.from(wrapped);
        changed.writeUInt8(changed.readUInt8(at) ^ bit, at);
        await expect(keyring.openDataKey(TENANT, changed)).rejects.toThrow(CannotDecrypt);
      }
      await expect(keyring.openDataKey(TENANT, wrapped.subarray(0, at))).rejects.toThrow(CannotDecrypt);
    }
    const longer = Buffer.concat([wrapped, Buffer.of(0)]);
    await expect(keyring.openDataKey(TENANT, longer)).rejects.toThrow(CannotDecrypt);
  });

  test('is refused in a format that is not known, and under the id of another known key', async () => {
    const keyring = await open(MASTER, OTHER);
    const wrapped = await keyring.makeDataKey(TENANT);
    for (let format = 0; format < 256; format += 1) {
      if (format === wrapped[0]) continue;
      const other = Buffer.concat([Buffer.of(format), wrapped.subarray(1)]);
      await expect(keyring.openDataKey(TENANT, other)).rejects.toThrow(CannotDecrypt);
    }
    const moved = Buffer.concat([new MasterKey(OTHER).prefix, wrapped.subarray(9)]);
    await expect(keyring.openDataKey(TENANT, moved)).rejects.toThrow(CannotDecrypt);
  });

  test('of the installation is no key of a tenant, nor the other way round', async () => {
    const keyring = await open(MASTER);
    const { rows } = await database.pool.query<{ wrapped_key: Buffer }>(
      'select wrapped_key from system_keys',
    );
    const pepper = rows[0]?.wrapped_key ?? Buffer.alloc(0);
    await expect(keyring.openDataKey('pepper', pepper)).rejects.toThrow(CannotDecrypt);
    await database.pool.query('update system_keys set wrapped_key = $1', [await keyring.makeDataKey(TENANT)]);
    await expect(open(MASTER)).rejects.toThrow(/CALLBOX_MASTER_KEY does not fit/);
  });
});

describe('the master keys', () => {
  test('which do not fit the database stop the start, and say so', async () => {
    await open(MASTER);
    await expect(open(OTHER)).rejects.toThrow(/CALLBOX_MASTER_KEY does not fit this database/);
    await expect(open(OTHER, THIRD)).rejects.toThrow(/CALLBOX_MASTER_KEY/);
  });

  test('are missed by name when what is stored is under a key service', async () => {
    await open(MASTER);
    await database.pool.query(`update system_keys set wrapped_key = set_byte(wrapped_key, 0, 2)`);
    await expect(open(MASTER)).rejects.toThrow(
      /under a Transit key of Vault that is not known here \(id [0-9a-f]{16}\)/,
    );
  });

  test('may be several: the first one wraps, every one unwraps', async () => {
    const before = await open(MASTER);
    const wrappedByOld = await before.makeDataKey(TENANT);
    const sealed = (await before.openDataKey(TENANT, wrappedByOld)).encrypt(PLACE, ROW, SECRET);
    const token = before.hashToken('api-key', 'cbk_a');

    const both = await open(OTHER, MASTER);
    expect(both.hashToken('api-key', 'cbk_a')).toEqual(token);
    const opened = await both.openDataKey(TENANT, wrappedByOld);
    expect(opened.decrypt(PLACE, ROW, sealed).toString()).toBe(SECRET);
    const wrappedByNew = await both.makeDataKey(TENANT);
    await expect(before.openDataKey(TENANT, wrappedByNew)).rejects.toThrow(CannotDecrypt);
    await expect(both.openDataKey(TENANT, wrappedByNew)).resolves.toBeDefined();
  });

  test('of processes that start together make one pepper', async () => {
    const keyrings = await Promise.all([open(MASTER), open(MASTER), open(MASTER)]);
    const hashes = keyrings.map((keyring) => keyring.hashToken('api-key', 'cbk_a').toString('hex'));
    expect(new Set(hashes).size).toBe(1);
  });
});

test('the hash of a token depends on the pepper of the installation', async () => {
  const one = (await open(MASTER)).hashToken('api-key', 'cbk_a');
  await database.pool.query('delete from system_keys');
  const two = (await open(MASTER)).hashToken('api-key', 'cbk_a');
  expect(one.equals(two)).toBe(false);
  expect(one).toHaveLength(32);
});
