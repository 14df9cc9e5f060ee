import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeyProviders, Keyring, type KeyStore } from '#keyring';
import {
  createDatabase,
  eventually,
  hexHmac,
  KEY_SERVER,
  KeyServer,
  send,
  ServerProcess,
  type TestDatabase,
} from '#testing';

const API_KEY = 'a-key-that-the-operator-chose';
const [OLD, NEW] = [1, 2].map((fill) => Buffer.alloc(32, fill)) as [Buffer, Buffer];
const [oldText, newText] = [OLD, NEW].map((key) => key.toString('base64')) as [string, string];
const BOTH = `new:${newText},old:${oldText}`;
/** Enough that killing a rewrap hits it in the middle. */
const MANY_TENANTS = 5_000;
const BODY = '{"a":1}';

const keysEntry = join(process.cwd(), 'dist/apps/server/keys.js');
/** Of the server that was started last. */
let url: string;
afterEach(() => ServerProcess.stopAll());

type Environment = Readonly<Record<string, string>>;

async function startServer(settings: Environment): Promise<ServerProcess> {
  const server = await ServerProcess.spawn({
    CALLBOX_BOOTSTRAP_KEY: API_KEY,
    CALLBOX_API_RATE_PER_MINUTE: '0',
    ...settings,
  });
  ({ url } = server);
  return server;
}

/** `npm run keys:…`, without looking whether there is something to build. */
class KeysCommand {
  output = '';
  readonly ended: Promise<number | null>;
  readonly child: ChildProcess;

  constructor(command: 'rewrap' | 'status', settings: Environment) {
    this.child = spawn(process.execPath, [keysEntry, command], {
      env: { PATH: '/usr/bin:/bin', ...settings },
    });
    const collect = (chunk: Buffer) => void (this.output += chunk.toString('utf8'));
    this.child.stdout?.on('data', collect);
    this.child.stderr?.on('data', collect);
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
  }
}

async function runKeys(command: 'rewrap' | 'status', settings: Environment) {
  const run = new KeysCommand(command, settings);
  return { exitCode: await run.ended, output: run.output };
}

const call = <Body = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  send<Body>(url + path, {
    method,
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

interface IssuedSecret {
  readonly plain_secret: string;
}

async function callback(source: string, secret: string): Promise<number> {
  const headers = { 'callbox-signature': hexHmac(secret, BODY) };
  return (await send(`${url}/in/default/${source}`, { method: 'POST', headers, body: BODY })).status;
}

const storeOf = ({ pool }: TestDatabase): KeyStore => ({
  queryAcrossTenants: async <Row>(sql: string, parameters: readonly unknown[]) =>
    (await pool.query(sql, [...parameters])).rows as Row[],
});

const keyringOf = (database: TestDatabase, ...masterKeys: Buffer[]) => {
  const settings = { keyProvider: 'local', masterKeys, vault: undefined, awsKms: undefined } as const;
  return Keyring.open(storeOf(database), KeyProviders.of(settings));
};

/** Tenants with a data key each; what it has encrypted is their name. */
async function makeManyTenants(database: TestDatabase): Promise<void> {
  const keyring = await keyringOf(database, OLD);
  const rows: [string[], Buffer[], string[]] = [[], [], []];
  for (let index = 0; index < MANY_TENANTS; index += 1) {
    const id = `019aa9f0-1c2d-7000-8000-${index.toString(16).padStart(12, '0')}`;
    const wrapped = await keyring.makeDataKey(id);
    const sealed = (await keyring.openDataKey(id, wrapped)).encrypt('name', id, `secret of ${id}`);
    rows[0].push(id);
    rows[1].push(wrapped);
    rows[2].push(sealed.toString('base64'));
  }
  await database.pool.query(
    `insert into tenants (id, slug, name, wrapped_key, created_at)
     select id, 't-' || id::text, sealed, key, now()
     from unnest($1::uuid[], $2::bytea[], $3::text[]) as made (id, key, sealed)`,
    rows,
  );
}

/** Opens the secret of every one of them as it is stored now. */
async function openManySecrets(database: TestDatabase, ...masterKeys: Buffer[]): Promise<number> {
  const keyring = await keyringOf(database, ...masterKeys);
  const { rows } = await database.pool.query<{ id: string; name: string; wrapped_key: Buffer }>(
    `select id, name, wrapped_key from tenants where slug like 't-019aa9f0%'`,
  );
  for (const { id, name, wrapped_key: wrapped } of rows) {
    const opened = (await keyring.openDataKey(id, wrapped)).decrypt('name', id, Buffer.from(name, 'base64'));
    if (opened.toString() !== `secret of ${id}`) throw new Error(`the secret of ${id} is lost`);
  }
  return rows.length;
}

async function countUnder(database: TestDatabase, key: Buffer): Promise<number> {
  const [provider] = KeyProviders.of({
    keyProvider: 'local',
    masterKeys: [key],
    vault: undefined,
    awsKms: undefined,
  }).all;
  const { rows } = await database.pool.query<{ count: number }>(
    `select (select count(*) from tenants where substring(wrapped_key from 1 for 9) = $1)::int
          + (select count(*) from system_keys where substring(wrapped_key from 1 for 9) = $1)::int as count`,
    [provider?.prefix],
  );
  return rows[0]?.count ?? 0;
}

/** Callbacks and new secrets, one after another, with every data key opened anew again and again. */
async function useWhile(database: TestDatabase, secret: string, isGoingOn: () => boolean) {
  const statuses: Record<string, number> = {};
  const count = (what: string, status: number) => {
    statuses[`${what} ${status}`] = (statuses[`${what} ${status}`] ?? 0) + 1;
  };
  for (let turn = 0; isGoingOn(); turn += 1) {
    await database.pool.query(`select pg_notify('callbox_changes', '{"kind":"tenant","key":"another"}')`);
    count('callback', await callback('orders', secret));
    if (turn % 10 === 0) {
      const source = `made-${turn}`;
      count('source', (await call('POST', '/v1/sources', { slug: source, provider: 'callbox' })).status);
      const made = await call<IssuedSecret>('POST', '/v1/callback-secrets', { label: 'one', source });
      count('secret', made.status);
      count('callback', await callback(source, made.body.plain_secret));
    }
    await sleep(5);
  }
  return statuses;
}

describe('a change of the master key', () => {
  let database: TestDatabase;
  let environment: Environment;
  beforeEach(async () => {
    database = await createDatabase();
    environment = { DATABASE_URL: database.url };
  });
  afterEach(() => database.drop());

  test('under load, with a rewrap that is killed again and again, loses nothing and turns nothing away', async () => {
    const first = await startServer({ ...environment, CALLBOX_MASTER_KEY: oldText });
    await first.ready();
    await call('POST', '/v1/sources', { slug: 'orders', provider: 'callbox' });
    const made = await call<IssuedSecret>('POST', '/v1/callback-secrets', {
      label: 'first',
      source: 'orders',
    });
    const secret = made.body.plain_secret;
    await first.end('SIGTERM');
    await makeManyTenants(database);

    const both = { ...environment, CALLBOX_MASTER_KEY: BOTH };
    const second = await startServer(both);
    await second.ready();
    let isGoingOn = true;
    const using = useWhile(database, secret, () => isGoingOn);
    for (let kill = 0; kill < 4; kill += 1) {
      const before = await countUnder(database, NEW);
      const rewrap = new KeysCommand('rewrap', both);
      await eventually(async () => {
        if ((await countUnder(database, NEW)) < before + 200)
          throw new Error(`no progress: ${rewrap.output}`);
      }, 20_000);
      rewrap.child.kill('SIGKILL');
      await rewrap.ended;
      expect(await countUnder(database, OLD)).toBeGreaterThan(0);
      expect(await openManySecrets(database, NEW, OLD)).toBe(MANY_TENANTS);
    }
    const ends = await Promise.all([runKeys('rewrap', both), runKeys('rewrap', both)]);
    isGoingOn = false;
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(ends[0].output).toMatch(/\d+ keys rewrapped, 0 could not be/);

    const statuses = await using;
    expect(Object.keys(statuses).sort()).toEqual(['callback 200', 'secret 201', 'source 201']);
    expect(statuses['callback 200']).toBeGreaterThan(100);
    expect(await countUnder(database, OLD)).toBe(0);
    expect(await countUnder(database, NEW)).toBe(MANY_TENANTS + 2);
    const status = await runKeys('status', both);
    expect(status).toMatchObject({ exitCode: 0, output: expect.stringContaining('it may be dropped') });
    expect(status.output).toContain('Everything is under the current key.');
    for (const text of [oldText, newText]) expect(status.output).not.toContain(text);
    await second.end('SIGTERM');

    const third = await startServer({ ...environment, CALLBOX_MASTER_KEY: newText });
    await third.ready();
    expect(await callback('orders', secret)).toBe(200);
    expect(await openManySecrets(database, NEW)).toBe(MANY_TENANTS);
    await third.end('SIGTERM');
    const fourth = await startServer({ ...environment, CALLBOX_MASTER_KEY: oldText });
    expect(await fourth.ended()).toBe(1);
    expect(fourth.output).toContain('CALLBOX_MASTER_KEY does not fit this database');
  }, 180_000);

  test('names what it cannot move, and says so by its exit code; so does the status', async () => {
    await keyringOf(database, OLD);
    const id = '019aa9f0-1c2d-7000-8000-000000000001';
    const keyring = await keyringOf(database, OLD);
    const foreign = Buffer.concat([Buffer.of(1), randomBytes(68)]);
    await database.pool.query(
      `insert into tenants (id, slug, name, wrapped_key, created_at)
       values ($1, 'lost', '', $2, now()), ($3, 'good', '', $4, now())`,
      [id, foreign, id.replace(/1$/, '2'), await keyring.makeDataKey(id.replace(/1$/, '2'))],
    );
    const both = { ...environment, CALLBOX_MASTER_KEY: BOTH };
    const rewrap = await runKeys('rewrap', both);
    expect(rewrap.exitCode).toBe(1);
    expect(rewrap.output).toContain(`tenants ${id}: its key is under a key that is not known here`);
    expect(rewrap.output).toContain('2 keys rewrapped, 1 could not be');
    const status = await runKeys('status', both);
    expect(status.exitCode).toBe(1);
    expect(status.output).toMatch(
      /1 {2}tenants .+ under a master key that is not known here \(id [0-9a-f]{16}\)/,
    );
    expect(status.output).toMatch(/1 {2}tenants .+ under master key [0-9a-f]{16}, the current one/);
  }, 60_000);
});

describe('with the embedded database', () => {
  test('keys are looked at beside a running server, and changed without one', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'callbox-keys-'));
    const environment = { CALLBOX_DATA_DIR: dataDir };
    const early = await runKeys('status', environment);
    expect(early).toMatchObject({ exitCode: 1, output: expect.stringContaining('there is no database in') });
    expect(readdirSync(dataDir)).toEqual([]);
    const first = await startServer(environment);
    await first.ready();
    const beside = await runKeys('status', environment);
    expect(beside).toMatchObject({ exitCode: 0, output: expect.stringContaining('Everything is under') });
    expect((await call('GET', '/v1/sources')).status).toBe(200);
    await first.end('SIGTERM');

    const file = join(dataDir, 'master-key');
    writeFileSync(file, `new:${newText},old:${readFileSync(file, 'utf8').trim()}\n`);
    const rewrap = await runKeys('rewrap', environment);
    expect(rewrap).toMatchObject({ exitCode: 0, output: expect.stringContaining('2 keys rewrapped') });

    writeFileSync(file, `${newText}\n`);
    const second = await startServer(environment);
    await second.ready();
    expect((await call('GET', '/v1/sources')).status).toBe(200);
    await second.end('SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  }, 90_000);
});

describe('a start with a key service', () => {
  let database: TestDatabase;
  let keyServer: KeyServer;
  let environment: Environment;
  beforeAll(async () => {
    database = await createDatabase();
    keyServer = await KeyServer.start();
    environment = {
      DATABASE_URL: database.url,
      CALLBOX_KEY_PROVIDER: 'aws-kms',
      CALLBOX_KMS_KEY_ID: 'alias/callbox',
      CALLBOX_KMS_ENDPOINT: keyServer.url,
      AWS_REGION: KEY_SERVER.region,
      AWS_ACCESS_KEY_ID: KEY_SERVER.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEY_SERVER.secretAccessKey,
    };
    const server = await startServer(environment);
    await server.ready();
    await server.end('SIGTERM');
  }, 60_000);
  afterAll(async () => {
    await keyServer.stop();
    await database.drop();
  });

  test.each([
    ['that is not there', { CALLBOX_KMS_ENDPOINT: 'http://127.0.0.1:1' }, 'connection_refused'],
    ['that does not take its credentials', { AWS_SECRET_ACCESS_KEY: 'expired' }, 'not_authorized'],
  ])(
    '%s fails, and says why',
    async (_case, change, reason) => {
      const server = await startServer({ ...environment, ...change });
      expect(await server.ended()).toBe(1);
      expect(server.output).toContain(
        `Callbox cannot start: The key service AWS KMS cannot be used (${reason}).`,
      );
      expect(server.output).not.toContain(KEY_SERVER.secretAccessKey);
    },
    60_000,
  );

  test('that cannot be used fails even while everything is still under the master key', async () => {
    const other = await createDatabase();
    await keyringOf(other, OLD);
    const local = { ...environment, DATABASE_URL: other.url, CALLBOX_MASTER_KEY: oldText };
    const broken = await startServer({ ...local, CALLBOX_KMS_ENDPOINT: 'http://127.0.0.1:1' });
    expect(await broken.ended()).toBe(1);
    const working = await startServer(local);
    await working.ready();
    await working.end('SIGTERM');
    await other.drop();
  }, 60_000);

  test('fails without that service’s settings, and says what the keys are under', async () => {
    const server = await startServer({ DATABASE_URL: database.url, CALLBOX_MASTER_KEY: oldText });
    expect(await server.ended()).toBe(1);
    expect(server.output).toContain('The keys of this database are under a key of AWS KMS that is not known');
  }, 60_000);
});
