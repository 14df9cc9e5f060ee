import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, hexHmac, ServerProcess } from '#testing';

const PROCESSES = 3;
/** Each of them loads everything. */
const READY_WITHIN_MS = 60_000;
const API_RATE = 400;
const SENDER_TIMEOUT_MS = 10_000;
const KEY = 'a-key-that-the-operator-chose';
const MASTER_KEY_FILE = 'master-key';

interface Reply<Body = Record<string, unknown>> {
  readonly status: number;
  readonly body: Body;
}

let server: ServerProcess;
/** What the operator's key was answered the moment that somebody was ready for the first time. */
let firstStatuses: number[];
beforeAll(async () => {
  server = await ServerProcess.spawn({
    CALLBOX_BOOTSTRAP_KEY: KEY,
    CALLBOX_PROCESSES: String(PROCESSES),
    CALLBOX_API_RATE_PER_MINUTE: String(API_RATE),
    LOG_LEVEL: 'info',
  });
  await eventually(async () => expect((await send('GET', '/readyz')).status).toBe(200), READY_WITHIN_MS);
  firstStatuses = [];
  while (!server.output.includes('Ctrl-C stops it')) {
    firstStatuses.push((await api('GET', '/v1/sources')).status);
    await sleep(25);
  }
  await server.ready(READY_WITHIN_MS);
}, 90_000);
afterAll(() => ServerProcess.stopAll(), 90_000);

/** Sends one request over a connection of its own, which the next process in turn gets. */
function send<Body = Record<string, unknown>>(
  method: string,
  path: string,
  { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string } = {},
): Promise<Reply<Body>> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: server.port, method, path, agent: false, headers });
    sent.on('error', reject);
    // The one connection that is being handed to a process when it is killed is never answered nor closed.
    sent.setTimeout(SENDER_TIMEOUT_MS, () => sent.destroy(new Error('no answer in time')));
    sent.on('response', (response: IncomingMessage) => {
      text(response).then(
        (read) => resolve({ status: response.statusCode ?? 0, body: parse(read) as Body }),
        reject,
      );
    });
    sent.end(body);
  });
}

function parse(read: string): unknown {
  try {
    return JSON.parse(read);
  } catch {
    return read;
  }
}

function api<Body = Record<string, unknown>>(method: string, path: string, body?: object, key = KEY) {
  return send<Body>(method, path, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

interface Source {
  readonly slug: string;
  readonly secret: string;
  readonly secretId: string;
}

async function newSource(slug: string): Promise<Source> {
  await api('POST', '/v1/sources', { slug, provider: 'runflow' });
  const { body } = await api<{ id: string; plain_secret: string }>('POST', '/v1/callback-secrets', {
    label: 'first',
    source: slug,
  });
  return { slug, secret: body.plain_secret, secretId: body.id };
}

function post({ slug, secret }: Source, run: string): Promise<Reply> {
  const body = JSON.stringify({ event: 'run.completed', run_id: run });
  return send('POST', `/in/default/${slug}`, {
    headers: { 'runflow-signature': hexHmac(secret, body) },
    body,
  });
}

/** Many at once, over more connections than there are processes: each of them answers some. */
function probe(source: Source): Promise<number[]> {
  const probes = Array.from({ length: 4 * PROCESSES }, (_, index) => post(source, `probe_${index}`));
  return Promise.all(probes.map(async (answer) => (await answer).status));
}

/** Who answered callbacks, by the log. */
function pidsIn(log: string): Set<number> {
  const lines = log.split('\n').filter((line) => line.includes('callback.received'));
  return new Set(lines.map((line) => (JSON.parse(line) as { pid: number }).pid));
}

/** The processes that the server has started, PostgreSQL's left out; from /proc, since not every machine has ps. */
function members(): number[] {
  if (!existsSync('/proc/self')) return [...pidsIn(server.output)];
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
      const isOurs = parent === String(server.pid) && commandLine(name).includes('main.js');
      return isOurs ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function commandLine(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function storedRuns(slug: string): Promise<Set<string>> {
  const runs = new Set<string>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await api<{ data: { run_id: string }[]; next_cursor: string | null }>(
      'GET',
      `/v1/events?source=${slug}&limit=250${more}`,
    );
    for (const { run_id } of body.data) runs.add(run_id);
    cursor = body.next_cursor;
  }
  return runs;
}

describe('several processes on one port', () => {
  test('take no request before the key of the operator is there', () => {
    expect(firstStatuses.length).toBeGreaterThan(0);
    expect(new Set(firstStatuses)).toEqual(new Set([200]));
  });

  test('are welcomed once, and keep their keys out of their arguments', () => {
    expect(server.output.match(/Ctrl-C stops it/g)).toHaveLength(1);
    expect(server.output).toContain(`in each of ${PROCESSES} processes`);
    const masterKey = readFileSync(join(server.dataDir, MASTER_KEY_FILE), 'utf8').trim();
    const pids = members();
    expect(pids).toHaveLength(PROCESSES);
    for (const pid of pids) {
      expect(commandLine(String(pid))).not.toContain('postgres://');
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(masterKey);
      expect(commandLine(String(pid))).not.toContain(masterKey);
    }
  });

  test('all take callbacks, and tell of all of them in the metrics of any', async () => {
    const source = await newSource('all');
    const statuses = (await Promise.all([probe(source), probe(source)])).flat();
    expect(new Set(statuses)).toEqual(new Set([200]));
    await eventually(() => expect([...pidsIn(server.output)].sort()).toEqual(members().sort()));
    const counts = await Promise.all(
      Array.from({ length: 2 * PROCESSES }, async () => {
        const { body } = await send<string>('GET', '/metrics');
        const lines = body.split('\n').filter((line) => /^callbox_callbacks_total.*"runflow"/.test(line));
        return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
      }),
    );
    expect(new Set(counts)).toEqual(new Set([statuses.length]));
    const ready = Array.from({ length: 2 * PROCESSES }, () => send('GET', '/readyz'));
    for (const { status } of await Promise.all(ready)) expect(status).toBe(200);
  });

  test('all refuse a deleted secret, source and API key within a second', async () => {
    const source = await newSource('revoked');
    expect(new Set(await probe(source))).toEqual(new Set([200]));
    const other = await api<{ plain_secret: string }>('POST', '/v1/callback-secrets', {
      label: 'second',
      source: 'revoked',
    });
    const second = { ...source, secret: other.body.plain_secret };
    await eventually(async () => expect(new Set(await probe(second))).toEqual(new Set([200])), 1_000);
    expect((await api('DELETE', `/v1/callback-secrets/${source.secretId}?force=true`)).status).toBe(204);
    await eventually(async () => expect(new Set(await probe(source))).toEqual(new Set([401])), 1_000);
    expect(new Set(await probe(second))).toEqual(new Set([200]));

    expect((await api('DELETE', '/v1/sources/revoked')).status).toBe(204);
    await eventually(async () => expect(new Set(await probe(second))).toEqual(new Set([404])), 1_000);

    const key = await api<{ id: string; plain_key: string }>('POST', '/v1/api-keys', {
      name: 'Short-lived',
      role: 'viewer',
    });
    const asked = () =>
      Promise.all(
        Array.from({ length: 2 * PROCESSES }, async () => {
          const { status } = await api('GET', '/v1/sources', undefined, key.body.plain_key);
          return status;
        }),
      );
    expect(new Set(await asked())).toEqual(new Set([200]));
    expect((await api('DELETE', `/v1/api-keys/${key.body.id}`)).status).toBe(204);
    await eventually(async () => expect(new Set(await asked())).toEqual(new Set([401])), 1_000);
  });

  test('count the requests of an API key together', async () => {
    const { body } = await api<{ plain_key: string }>('POST', '/v1/api-keys', {
      name: 'Busy',
      role: 'viewer',
    });
    const statuses: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const asked = Array.from({ length: 25 }, () =>
        api('GET', '/v1/providers/runflow', undefined, body.plain_key),
      );
      for (const { status } of await Promise.all(asked)) statuses.push(status);
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(API_RATE);
    expect(statuses.filter((status) => status === 429)).toHaveLength(statuses.length - API_RATE);
  }, 90_000);

  test('lose nothing that was answered 200 when one is killed under load, and replace it', async () => {
    const source = await newSource('killed');
    const answered: string[] = [];
    let isOver = false;
    const sender = async (_: unknown, sender: number): Promise<void> => {
      for (let number = 0; !isOver; number += 1) {
        const run = `run_${sender}_${number}`;
        // A connection to the process that is killed breaks: nothing was promised then.
        const { status } = await post(source, run).catch(() => ({ status: 0 }));
        if (status === 200) answered.push(run);
      }
    };
    const senders = Array.from({ length: 6 }, sender);
    await eventually(() => expect(answered.length).toBeGreaterThan(100));
    const before = members();
    const [killed = 0] = before;
    process.kill(killed, 'SIGKILL');
    const logged = server.output.length;
    const replaced = await eventually(() => {
      const now = members().filter((pid) => !before.includes(pid));
      expect(pidsIn(server.output.slice(logged))).toContain(now[0]);
      return now;
    }, 40_000);
    isOver = true;
    await Promise.all(senders);
    expect(replaced).toHaveLength(1);
    expect(isAlive(killed)).toBe(false);
    expect(server.output).toContain('process.replaced');
    const stored = await storedRuns('killed');
    expect(answered.filter((run) => !stored.has(run))).toEqual([]);
  }, 90_000);

  test('stop together, each after what it has begun, and leave nothing behind', async () => {
    const pids = members();
    expect(await server.end('SIGTERM')).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(send('GET', '/healthz')).rejects.toThrow('ECONNREFUSED');
  }, 90_000);

  test('end when the process above them is killed, and the next start finds everything', async () => {
    server.restart();
    await server.ready(READY_WITHIN_MS);
    const pids = members();
    expect(pids).toHaveLength(PROCESSES);
    expect(await server.end('SIGKILL')).toBeNull();
    await eventually(() => expect(pids.filter(isAlive)).toEqual([]));
    server.restart();
    await server.ready(READY_WITHIN_MS);
    expect((await storedRuns('killed')).size).toBeGreaterThan(100);
  }, 90_000);
});

test('a port that is taken is said so, by one line, and the start fails', async () => {
  const second = await ServerProcess.spawn({ PORT: server.port, CALLBOX_PROCESSES: '2' });
  expect(await second.ended()).toBe(1);
  expect(second.output).toMatch(new RegExp(`Callbox cannot start: port ${server.port} .* is taken`));
}, 90_000);
