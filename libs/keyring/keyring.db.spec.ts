import { DataSource } from 'typeorm';
import { createDatabase, type TestDatabase } from '#testing';
import { CannotDecrypt, type DataKey, Keyring } from './index.js';

const [MASTER, OTHER, THIRD] = [1, 2, 3].map((fill) => Buffer.alloc(32, fill)) as [Buffer, Buffer, Buffer];
const TENANT = '019aa9f0-1c2d-7000-8000-000000000001';
const STRANGER = '019aa9f0-1c2d-7000-8000-000000000002';
const ROW = '019aa9f0-1c2d-7000-8000-00000000000a';
const PLACE = 'callback_secrets.ciphertext';
const SECRET = 'whsec_AAAA';

let database: TestDatabase;
let dataSource: DataSource;
beforeAll(async () => {
  database = await createDatabase();
  dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
});
beforeEach(() => dataSource.query('delete from system_keys'));
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

async function open(...masterKeys: Buffer[]): Promise<Keyring> {
  return Keyring.open(dataSource, masterKeys);
}

async function dataKey(): Promise<DataKey> {
  const keyring = await open(MASTER);
  return keyring.openDataKey(TENANT, keyring.makeDataKey(TENANT));
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
    const wrapped = keyring.makeDataKey(TENANT);
    const key = keyring.openDataKey(TENANT, wrapped);
    const sealed = key.encrypt(PLACE, ROW, SECRET);
    expect(() => key.decrypt(PLACE, STRANGER, sealed)).toThrow(CannotDecrypt);
    expect(() => key.decrypt('destination_secrets.ciphertext', ROW, sealed)).toThrow(CannotDecrypt);
    const strangers = keyring.openDataKey(STRANGER, keyring.makeDataKey(STRANGER));
    expect(() => strangers.decrypt(PLACE, ROW, sealed)).toThrow(CannotDecrypt);
    expect(() => keyring.openDataKey(STRANGER, wrapped)).toThrow(CannotDecrypt);
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

describe('the master keys', () => {
  test('which do not fit the database stop the start, and say so', async () => {
    await open(MASTER);
    await expect(open(OTHER)).rejects.toThrow(/CALLBOX_MASTER_KEY does not fit this database/);
    await expect(open(OTHER, THIRD)).rejects.toThrow(/CALLBOX_MASTER_KEY/);
  });

  test('may be several: the first one wraps, every one unwraps', async () => {
    const before = await open(MASTER);
    const wrappedByOld = before.makeDataKey(TENANT);
    const sealed = before.openDataKey(TENANT, wrappedByOld).encrypt(PLACE, ROW, SECRET);
    const token = before.hashToken('cbk_a');

    const both = await open(OTHER, MASTER);
    expect(both.hashToken('cbk_a')).toEqual(token);
    expect(both.openDataKey(TENANT, wrappedByOld).decrypt(PLACE, ROW, sealed).toString()).toBe(SECRET);
    const wrappedByNew = both.makeDataKey(TENANT);
    expect(() => before.openDataKey(TENANT, wrappedByNew)).toThrow(CannotDecrypt);
    expect(() => both.openDataKey(TENANT, wrappedByNew)).not.toThrow();
  });

  test('of processes that start together make one pepper', async () => {
    const keyrings = await Promise.all([open(MASTER), open(MASTER), open(MASTER)]);
    const hashes = keyrings.map((keyring) => keyring.hashToken('cbk_a').toString('hex'));
    expect(new Set(hashes).size).toBe(1);
  });
});

test('the hash of a token depends on the pepper of the installation', async () => {
  const one = (await open(MASTER)).hashToken('cbk_a');
  await dataSource.query('delete from system_keys');
  const two = (await open(MASTER)).hashToken('cbk_a');
  expect(one.equals(two)).toBe(false);
  expect(one).toHaveLength(32);
});
