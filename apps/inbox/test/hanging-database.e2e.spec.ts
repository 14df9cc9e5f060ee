import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, hexHmac, send } from '#testing';
import { ServerProcess } from './server-process.fixture.js';

const KEY = 'a-key-that-the-operator-chose';
const PER_TICK = 3;
const TICK_MS = 10;
const HANGS_FOR_MS = 3_000;

let dataDir: string;
let server: ServerProcess;
const agent = new Agent({ keepAlive: true });
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'callbox-hanging-'));
  server = await ServerProcess.start({
    CALLBOX_DATA_DIR: dataDir,
    CALLBOX_BOOTSTRAP_KEY: KEY,
    CALLBOX_API_RATE_PER_MINUTE: '0',
  });
}, 60_000);
afterAll(async () => {
  agent.destroy();
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

async function api<Body>(method: string, path: string, body?: object): Promise<Body> {
  const answer = await send<Body>(server.url + path, {
    method,
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.body;
}

function post(url: string, secret: string, run: string): Promise<number> {
  const body = JSON.stringify({ event: 'run.completed', run_id: run });
  return new Promise((resolve, reject) => {
    const headers = { 'runflow-signature': hexHmac(secret, body) };
    const sent = request(url, { method: 'POST', agent, headers });
    sent.on('error', reject).on('response', (response: IncomingMessage) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.end(body);
  });
}

/** PostgreSQL, all its processes. */
function postgres(): number[] {
  const [postmaster = ''] = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
  const children = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/status`, 'utf8').includes(`\nPPid:\t${postmaster}\n`);
    } catch {
      return false;
    }
  });
  return [postmaster, ...children].map(Number);
}

(existsSync('/proc/self') ? describe : describe.skip)('while PostgreSQL hangs', () => {
  test('callbacks are turned away, none that is answered 200 is lost, and it is over when PostgreSQL goes on', async () => {
    await api('POST', '/v1/sources', { slug: 'runflow', provider: 'runflow' });
    const { plain_secret: secret } = await api<{ plain_secret: string }>('POST', '/v1/callback-secrets', {
      label: 'first',
      source: 'runflow',
    });
    const answers: { readonly run: string; readonly status: number }[] = [];
    const pending: Promise<unknown>[] = [];
    let sent = 0;
    const timer = setInterval(() => {
      for (let count = 0; count < PER_TICK; count += 1) {
        const run = `order_${(sent += 1)}`;
        const answer = post(`${server.url}/in/default/runflow`, secret, run);
        pending.push(answer.then((status) => answers.push({ run, status })));
      }
    }, TICK_MS);
    const accepted = () => answers.filter(({ status }) => status === 200);
    await eventually(() => expect(accepted().length).toBeGreaterThan(100));

    const stopped = postgres();
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    await sleep(HANGS_FOR_MS);
    const whileHanging = accepted().length;
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
    await eventually(() => expect(accepted().length).toBeGreaterThan(whileHanging + 100), 5_000);
    clearInterval(timer);
    await Promise.all(pending);

    expect(answers).toHaveLength(sent);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
    const stored = await storedRuns();
    expect(accepted().filter(({ run }) => !stored.has(run))).toEqual([]);
  }, 60_000);
});

async function storedRuns(): Promise<Set<string>> {
  const runs = new Set<string>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: { data: { run_id: string }[]; next_cursor: string | null } = await api(
      'GET',
      `/v1/events?limit=250${more}`,
    );
    for (const { run_id } of page.data) runs.add(run_id);
    cursor = page.next_cursor;
  }
  return runs;
}
