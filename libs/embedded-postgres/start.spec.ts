import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgresError } from './error.js';
import { accountToDropTo, asAccount, asAccountWithAccess, ordinaryAccounts } from './identities.js';
import { startAs, startEmbeddedPostgres, type EmbeddedPostgres } from './start.js';

const itAsRoot = process.getuid?.() === 0 && process.platform === 'linux' ? it : it.skip;

const base = mkdtempSync(join(tmpdir(), 'callbox-postgres-'));
const dataDir = join(base, 'data');
const clusterDir = join(dataDir, 'postgres');
let running: EmbeddedPostgres | undefined;

const start = async (options: { settings?: Record<string, string> } = {}) =>
  (running = await startEmbeddedPostgres({ dataDir, noSync: true, ...options }));

const query = async <Row extends object>(url: string, text: string): Promise<Row[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
};

const postmasterPid = () => Number(readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
const permissions = (path: string) => (statSync(path).mode & 0o777).toString(8);

afterEach(async () => {
  await running?.stop();
  running = undefined;
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('the built-in PostgreSQL', () => {
  it('starts in an empty folder and can be used at once', async () => {
    const { url, version } = await start();

    expect(url).toMatch(/^postgres:\/\/callbox:[0-9a-f]{48}@127\.0\.0\.1:\d+\/callbox$/);
    expect(version).toMatch(/^17\./);
    await query(url, 'create table kept (id int); insert into kept values (1)');
    const rows = await query<{ name: string; setting: string }>(
      url,
      `select name, setting from pg_settings where name in ('listen_addresses', 'unix_socket_directories',
         'data_checksums', 'server_encoding', 'max_connections', 'shared_buffers', 'synchronous_commit', 'fsync')`,
    );
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      data_checksums: 'on',
      server_encoding: 'UTF8',
      max_connections: '100',
      shared_buffers: '16384', // pages of 8 KiB
      synchronous_commit: 'on',
      fsync: 'off', // by noSync
    });
  });

  it('keeps cluster, password and lock to its own user', () => {
    expect(permissions(dataDir)).toBe('700');
    expect(permissions(clusterDir)).toBe('700');
    expect(permissions(join(dataDir, 'postgres-password'))).toBe('600');
    expect(readdirSync(dataDir).sort()).toEqual(['postgres', 'postgres-password']);
  });

  it('starts again on the same data, at another port and durably', async () => {
    running = await startEmbeddedPostgres({ dataDir });

    expect(await query(running.url, 'select id from kept')).toEqual([{ id: 1 }]);
    expect(await query(running.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  });

  it('compares text as bytes on every system, and knows the letters of all languages', async () => {
    const { url } = await start();

    const asked = `select 'Z' < 'a' and 'z' < 'ä' as "byBytes", lower('ÄΣЖ') as lower, 'É' ~ '[[:upper:]]' as "isUpper"`;
    expect(await query(url, asked)).toEqual([{ byBytes: true, lower: 'äσж', isUpper: true }]);
  });

  it('wants the password', async () => {
    const { url } = await start();

    await expect(query(url.replace(/:[0-9a-f]{48}@/, ':wrong@'), 'select 1')).rejects.toMatchObject({
      code: '28P01',
    });
  });

  it('takes settings, except those it relies on itself', async () => {
    const { url } = await start({ settings: { max_connections: '17', listen_addresses: '*', port: '1' } });

    expect(await query(url, 'show max_connections')).toEqual([{ max_connections: '17' }]);
    expect(await query(url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  });

  it('says why PostgreSQL did not start, and frees the folder again', async () => {
    await expect(start({ settings: { max_connections: 'many' } })).rejects.toMatchObject({
      problem: 'start_failed',
      message: expect.stringContaining('invalid value for parameter "max_connections": "many"') as unknown,
    });
    await expect(start()).resolves.toBeDefined();
  });

  it('leaves no process, no lock and no pid file when it is stopped, however often', async () => {
    const server = await start();
    const pid = postmasterPid();
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();

    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await server.exited).toEqual({ expected: true, message: 'PostgreSQL was stopped' });
    expect(readdirSync(dataDir)).toEqual(['postgres', 'postgres-password']);
    expect(existsSync(join(clusterDir, 'postmaster.pid'))).toBe(false);
  });

  it('reports that the server has ended by itself, and can be started again', async () => {
    const server = await start();
    process.kill(postmasterPid(), 'SIGQUIT');

    expect(await server.exited).toMatchObject({
      expected: false,
      message: expect.stringContaining('received immediate shutdown request') as unknown,
    });
    await server.stop();
    expect(await query((await start()).url, 'select id from kept')).toEqual([{ id: 1 }]);
  });

  it('sets another password when the file of the old one is gone', async () => {
    rmSync(join(dataDir, 'postgres-password'));

    expect(await query((await start()).url, 'select id from kept')).toEqual([{ id: 1 }]);
  });

  it('does not touch a cluster of another major version, nor a folder of other files', async () => {
    const versionFile = join(clusterDir, 'PG_VERSION');
    writeFileSync(versionFile, '12\n');
    await expect(start()).rejects.toThrow('was made by PostgreSQL 12');
    writeFileSync(versionFile, '17\n');

    const other = mkdtempSync(join(base, 'other-'));
    writeFileSync(join(other, 'postgres'), 'a file');
    await expect(startEmbeddedPostgres({ dataDir: other })).rejects.toBeInstanceOf(EmbeddedPostgresError);
  });
});

describe('for root where user namespaces are refused', () => {
  const account = async () => accountToDropTo(await ordinaryAccounts());
  const asNobody = async () => [asAccount(await account())];

  itAsRoot('says what to do when nobody else may enter the folder', async () => {
    await expect(startAs(asNobody, { dataDir })).rejects.toMatchObject({
      problem: 'cannot_run',
      message: expect.stringMatching(/may not enter .* Set CALLBOX_DATA_DIR .* DATABASE_URL/s) as unknown,
    });
    expect(statSync(clusterDir).uid).toBe(0);
  });

  itAsRoot('passes closed folders by a capability', async () => {
    running = await startAs(async () => asAccountWithAccess(await account()), { dataDir, noSync: true });

    expect(statSync(`/proc/${postmasterPid()}`).uid).toBe((await account()).uid);
    expect(await query(running.url, 'select id from kept')).toEqual([{ id: 1 }]);
  });

  itAsRoot('runs without any right of root in a folder that others may enter', async () => {
    chmodSync(base, 0o711);
    running = await startAs(asNobody, { dataDir, noSync: true });

    expect(readFileSync(`/proc/${postmasterPid()}/status`, 'utf8')).toMatch(/CapEff:\t0+\n/);
    expect(await query(running.url, 'select id from kept')).toEqual([{ id: 1 }]);
  });

  itAsRoot('gives the cluster back to whom runs it next', async () => {
    expect(statSync(clusterDir).uid).not.toBe(0);
    expect(await query((await start()).url, 'select id from kept')).toEqual([{ id: 1 }]);
  });
});
