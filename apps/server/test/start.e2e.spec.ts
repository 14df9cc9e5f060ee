import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, eventually, Receiver, send, ServerProcess, type ServerSettings } from '#testing';

afterEach(() => ServerProcess.stopAll('SIGINT'));

/** Where it listens and what it calls itself are left to it, as a user would. */
function spawn(settings: ServerSettings = {}): Promise<ServerProcess> {
  return ServerProcess.spawn({ HOST: undefined, PUBLIC_URL: undefined, ...settings });
}

const urlOf = ({ port }: ServerProcess): string => `http://localhost:${port}`;

const keyIn = (text: string): string => /cbk_[0-9A-Z]{26}_[0-9A-Za-z]{49}/.exec(text)?.[0] ?? '';
const asKey = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

/** The request of the `curl` in the welcome text, read as a shell would. */
function pastedCurl(text: string): { url: string; headers: Record<string, string>; body: string } {
  const line = text.split('\n').find((candidate) => candidate.startsWith('curl ')) ?? '';
  const words = [...line.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '');
  const [url = '', ...rest] = words;
  const headers = rest.slice(0, -1).map((header): [string, string] => {
    const colon = header.indexOf(': ');
    return [header.slice(0, colon), header.slice(colon + 2)];
  });
  return { url, headers: Object.fromEntries(headers), body: rest.at(-1) ?? '' };
}

describe('the first start', () => {
  test('shows a key that works and a curl whose signature is valid, and the second start finds its data', async () => {
    const server = await spawn();
    const welcome = await server.ready();
    const key = keyIn(welcome);
    const { url, headers, body } = pastedCurl(welcome);
    const receipt = await send<{ id: string; status: string }>(url, { method: 'POST', headers, body });
    expect(receipt).toMatchObject({ status: 200, body: { status: 'accepted' } });
    expect(await server.end('SIGINT')).toBe(0);

    server.restart();
    expect(keyIn(await server.ready())).toBe('');
    const events = await send<{ data: { id: string }[] }>(`${urlOf(server)}/v1/events`, asKey(key));
    expect(events.body.data.map(({ id }) => id)).toEqual([receipt.body.id]);
  }, 60_000);

  test('keeps the generated master key to its owner', async () => {
    const { dataDir } = await ServerProcess.start();
    expect(statSync(join(dataDir, 'master-key')).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(join(dataDir, 'master-key'), 'utf8'), 'base64')).toHaveLength(32);
  }, 60_000);

  test('gives the tenant the key of CALLBOX_BOOTSTRAP_KEY and does not print it', async () => {
    const server = await spawn({ CALLBOX_BOOTSTRAP_KEY: 'a-key-that-the-operator-chose' });
    expect(await server.ready()).not.toContain('a-key-that-the-operator-chose');
    expect(await send(`${urlOf(server)}/v1/sources`, asKey('a-key-that-the-operator-chose'))).toMatchObject({
      status: 200,
    });
  }, 60_000);
});

describe('the end', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s leaves no PostgreSQL behind',
    async (signal) => {
      const server = await spawn();
      await server.ready();
      expect(await server.end(signal)).toBe(0);
      expect(postmastersOf(server.dataDir)).toEqual([]);
    },
    60_000,
  );

  test('comes although nobody reads the log any more', async () => {
    const server = await spawn({ LOG_LEVEL: 'trace' });
    await server.ready();
    server.stdout.pause();
    // Until the pipe is full: what is logged from then on stays in the process.
    for (let round = 0; round < 3_000; round += 1)
      await send(`${urlOf(server)}/in/default/nobody`, { method: 'POST', body: 'a' });
    expect(server.stdout.readableLength).toBeGreaterThan(0);
    expect(await server.end('SIGTERM')).toBe(0);
    expect(postmastersOf(server.dataDir)).toEqual([]);
  }, 60_000);

  test('comes at once when PostgreSQL is lost, though what is being sent can no more be recorded', async () => {
    const receiver = await Receiver.start();
    try {
      const server = await spawn();
      const welcome = await server.ready();
      const authorization = `Bearer ${keyIn(welcome)}`;
      const made = await send(`${urlOf(server)}/v1/destinations`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'App', url: receiver.url }),
      });
      expect(made.status).toBe(201);
      receiver.answer({ silent: true });
      const { url, headers, body } = pastedCurl(welcome);
      await send(url, { method: 'POST', headers, body });
      await eventually(() => expect(receiver.requests).toHaveLength(1));
      const [pid] = readFileSync(join(server.dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
      process.kill(Number(pid), 'SIGKILL');
      // Less than the time for which it would try to record the attempt, or wait for its answer.
      expect(
        await eventually(() => server.exitCode ?? Promise.reject(new Error('still there')), 10_000),
      ).toBe(1);
      expect(server.output).toContain('The embedded PostgreSQL has ended unexpectedly');
    } finally {
      await receiver.stop();
    }
  }, 60_000);

  test('by kill -9 is recovered from by the next start, with the data and the orphaned PostgreSQL', async () => {
    const server = await spawn();
    const key = keyIn(await server.ready());
    expect(await server.end('SIGKILL')).toBeNull();
    expect(postmastersOf(server.dataDir)).toHaveLength(1);

    server.restart();
    await server.ready();
    expect(await send(`${urlOf(server)}/v1/sources`, asKey(key))).toMatchObject({ status: 200 });
    expect(postmastersOf(server.dataDir)).toHaveLength(1);
  }, 60_000);
});

describe('wrong settings', () => {
  test('stop the start with a line for each mistake, by name and never by value', async () => {
    const server = await spawn({ PORT: 'eighty', CALLBOX_OPERATOR_KEY: 'short-value', LOG_LEVEL: 'loud' });
    expect(await server.ended()).toBe(1);
    for (const name of ['PORT', 'CALLBOX_OPERATOR_KEY', 'LOG_LEVEL'])
      expect(server.output).toMatch(new RegExp(`${name} must`));
    for (const value of ['eighty', 'short-value', 'loud']) expect(server.output).not.toContain(value);
  });

  test('include a DATABASE_URL without a master key', async () => {
    const server = await spawn({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    expect(await server.ended()).toBe(1);
    expect(server.output).toContain('CALLBOX_MASTER_KEY must be set');
  });
});

describe('with a DATABASE_URL', () => {
  const masterKey = Buffer.alloc(32, 1).toString('base64');

  test('that server is used and nothing embedded is started', async () => {
    const database = await createDatabase();
    const server = await spawn({
      DATABASE_URL: database.url,
      CALLBOX_MASTER_KEY: masterKey,
      HOST: '127.0.0.1',
    });
    await server.ready();
    const { rows } = await database.pool.query<{ slug: string }>('select slug from tenants');
    expect(rows).toEqual([{ slug: 'default' }]);
    expect(postmastersOf(server.dataDir)).toEqual([]);
    await server.end('SIGTERM');
    await database.drop();
  }, 60_000);

  test('another master key than the one it was made with stops the start and says so', async () => {
    const database = await createDatabase();
    const first = await spawn({
      DATABASE_URL: database.url,
      CALLBOX_MASTER_KEY: masterKey,
      HOST: '127.0.0.1',
    });
    await first.ready();
    await first.end('SIGTERM');
    const wrong = await spawn({
      DATABASE_URL: database.url,
      CALLBOX_MASTER_KEY: Buffer.alloc(32, 2).toString('base64'),
    });
    expect(await wrong.ended()).toBe(1);
    expect(wrong.output).toContain('CALLBOX_MASTER_KEY does not fit this database');
    await database.drop();
  }, 60_000);
});

/** PostgreSQL servers on a data directory; from /proc, since not every machine has ps. */
function postmastersOf(folder: string): string[] {
  return commandLines().filter((line) => line.includes(`${folder}/postgres`) && /bin\/postgres /.test(line));
}

function commandLines(): string[] {
  if (!existsSync('/proc/self'))
    return execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n');
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      return [];
    }
  });
}
