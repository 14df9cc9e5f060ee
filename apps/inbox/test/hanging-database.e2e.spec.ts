import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, hexHmac } from '#testing';
import { OwnServer } from './own-server.fixture.js';

const PER_TICK = 3;
const TICK_MS = 10;
const HANGS_FOR_MS = 3_000;

let server: OwnServer;
const agent = new Agent({ keepAlive: true });
beforeAll(async () => {
  server = await OwnServer.start();
}, 60_000);
afterAll(async () => {
  agent.destroy();
  await server.stop();
}, 60_000);

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
  const [postmaster = ''] = readFileSync(join(server.dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
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
    await server.api('POST', '/v1/sources', { slug: 'runflow', provider: 'runflow' });
    const { plain_secret: secret } = await server.api<{ plain_secret: string }>(
      'POST',
      '/v1/callback-secrets',
      {
        label: 'first',
        source: 'runflow',
      },
    );
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
    const stored = new Set((await server.events<{ run_id: string }>()).map(({ run_id }) => run_id));
    expect(accepted().filter(({ run }) => !stored.has(run))).toEqual([]);
  }, 60_000);
});
