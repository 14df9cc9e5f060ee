import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, eventually, hexHmac, send, TestApp, type TestTenant } from '#testing';
import { TcpProxy } from './tcp-proxy.fixture.js';

let app: TestApp;
let proxy: TcpProxy;
let exposed: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
  proxy = await TcpProxy.start(app.database.url);
  // The API stays reachable, so that what was stored can be looked at while the inbox's database is away.
  exposed = await TestApp.start({
    database: app.database,
    settings: { databaseUrl: proxy.url, roles: ['inbox'] },
  });
});
afterAll(async () => {
  proxy.heal();
  await exposed.stop();
  await proxy.stop();
  await app.stop();
});

type Source = Awaited<ReturnType<TestTenant['source']>>;

function post({ url, secret }: Source, body: string): Promise<Answer> {
  return send(exposed.url + new URL(url).pathname, {
    method: 'POST',
    headers: { 'runflow-signature': hexHmac(secret, body) },
    body,
  });
}

const bodyOf = (run: string) => JSON.stringify({ event: 'run.completed', run_id: run });

function expectUnavailable(answer: Answer): void {
  expect(answer.status).toBe(503);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.body).toMatchObject({ code: 'unavailable', status: 503 });
}

async function storedRuns(tenant: TestTenant): Promise<(string | null)[]> {
  const { data } = await tenant.ok<{ data: { run_id: string | null }[] }>('GET', '/v1/events?limit=250');
  return data.map(({ run_id }) => run_id);
}

async function timed(answer: Promise<Answer>): Promise<{ answer: Answer; tookMs: number }> {
  const startedAt = Date.now();
  return { answer: await answer, tookMs: Date.now() - startedAt };
}

describe('while the database is away', () => {
  test('callbacks are answered 503 with Retry-After at once, and taken again by the same process', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    expect((await post(source, bodyOf('before'))).status).toBe(200);
    proxy.cut();
    for (const run of ['away-1', 'away-2']) {
      const { answer, tookMs } = await timed(post(source, bodyOf(run)));
      expectUnavailable(answer);
      expect(tookMs).toBeLessThan(2_500);
    }
    proxy.heal();
    await eventually(async () => expect((await post(source, bodyOf('after'))).status).toBe(200), 5_000);
    expect(await storedRuns(tenant)).toEqual(['after', 'before']);
  });

  test('a source that nobody has asked for yet is answered 503 too, never 404', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    proxy.cut();
    expectUnavailable(await post(source, bodyOf('first')));
    proxy.heal();
    await eventually(async () => expect((await post(source, bodyOf('first'))).status).toBe(200), 5_000);
  });

  test('no callback hangs when the network swallows everything', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    expect((await post(source, bodyOf('before'))).status).toBe(200);
    proxy.freeze();
    // Enough that some find the source in memory and wait for the store, and others wait for the source.
    const pending: Promise<{ answer: Answer; tookMs: number }>[] = [];
    for (let number = 0; number < 40; number += 1) {
      pending.push(timed(post(source, bodyOf(`lost-${number}`))));
      await sleep(50);
    }
    for (const { answer, tookMs } of await Promise.all(pending)) {
      expectUnavailable(answer);
      expect(tookMs).toBeLessThan(7_000);
    }
    proxy.heal();
    await eventually(async () => expect((await post(source, bodyOf('after'))).status).toBe(200), 5_000);
    expect(await storedRuns(tenant)).toEqual(['after', 'before']);
  });

  test('a commit whose answer was lost is not promised, and the next try is known as its duplicate', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    expect((await post(source, bodyOf('before'))).status).toBe(200);
    // Whether the answer that got lost was the commit's or an earlier one's is not in our hands, so it is tried until it was.
    let committed: string | null | undefined;
    for (let number = 0; number < 10 && !committed; number += 1) {
      await eventually(async () => expect((await post(source, bodyOf(`again-${number}`))).status).toBe(200));
      proxy.loseAnswers();
      expectUnavailable(await post(source, bodyOf(`lost-${number}`)));
      proxy.heal();
      committed = (await storedRuns(tenant)).find((run) => run?.startsWith('lost-'));
    }
    await eventually(async () => {
      const { body } = await post(source, bodyOf(committed ?? 'none was committed'));
      expect(body['status']).toBe('duplicate');
    }, 5_000);
    expect((await storedRuns(tenant)).filter((run) => run === committed)).toHaveLength(1);
  }, 60_000);

  test('what was answered 200 is stored once, however often its connections were ended', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const answers = new Map<string, Answer>();
    let sent = 0;
    const until = Date.now() + 2_000;
    const sender = async (): Promise<void> => {
      while (Date.now() < until) {
        const run = `run_${(sent += 1)}`;
        answers.set(run, await post(source, bodyOf(run)));
      }
    };
    let ended = 0;
    const ending = setInterval(() => void endConnections().then((count) => (ended += count)), 150);
    await Promise.all(Array.from({ length: 4 }, sender));
    clearInterval(ending);
    const accepted = new Map<string, string>();
    for (const [run, answer] of answers) {
      if (answer.status === 200) accepted.set(answer.body['id'] as string, run);
      else expectUnavailable(answer);
    }
    expect(accepted.size).toBeGreaterThan(10);
    expect(ended).toBeGreaterThan(3);
    const stored = await runsById(tenant);
    for (const [id, run] of accepted) expect(stored.get(id)).toBe(run);
    expect(new Set(stored.values()).size).toBe(stored.size);
    await eventually(async () => expect((await post(source, bodyOf('after'))).status).toBe(200), 5_000);
  });

  test('the log tells of it without a word of the callback', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    proxy.cut();
    expectUnavailable(await post(source, bodyOf('marked-Zx9')));
    proxy.heal();
    await eventually(async () => expect((await post(source, bodyOf('after'))).status).toBe(200), 5_000);
    const lines = exposed.log.filter((line) => line.includes('"outcome":"unavailable"'));
    expect(lines.length).toBeGreaterThan(0);
    expect(exposed.log.join('')).not.toContain('marked-Zx9');
    expect(exposed.log.join('')).not.toContain(source.secret);
  });
});

async function endConnections(): Promise<number> {
  const { rowCount } = await app.database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'callbox-events' and datname = current_database()`,
  );
  return rowCount ?? 0;
}

async function runsById(tenant: TestTenant): Promise<Map<string, string>> {
  const runs = new Map<string, string>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: { data: { id: string; run_id: string }[]; next_cursor: string | null } = await tenant.ok(
      'GET',
      `/v1/events?limit=250${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    for (const { id, run_id } of page.data) runs.set(id, run_id);
    cursor = page.next_cursor;
  }
  return runs;
}
