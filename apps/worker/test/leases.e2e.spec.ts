import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createDatabase, eventually, ServerProcess, TestApp, type TestDatabase } from '#testing';
import { callRunflow, deliveryThat, destination, Receivers, spawnWorker } from './delivering.fixture.js';

let database: TestDatabase;
let app: TestApp;
const receivers = new Receivers();
beforeEach(async () => {
  database = await createDatabase();
  // Receives and manages, but delivers nothing: workers are started and ended by the tests.
  app = await TestApp.start({ database, settings: { roles: ['inbox', 'api'] } });
});
afterEach(async () => {
  await ServerProcess.stopAll('SIGKILL');
  await app.stop();
  await database.drop();
});
afterAll(() => receivers.stop());

function startWorker(): Promise<TestApp> {
  return TestApp.start({ database, settings: { roles: ['worker'] } });
}

async function runflowTenant(url: string) {
  const tenant = await app.tenant();
  const source = await tenant.source('runflow');
  await destination(tenant, url, { timeout_seconds: 60 });
  return { tenant, source };
}

/** A receiver that answers when it is told to. */
async function startSlowReceiver() {
  const waiting: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => waiting.push(response));
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting,
    stop: () => (server.closeAllConnections(), server.close()),
  };
}

test('a worker that is killed in the middle of sending is replaced within 60 s', async () => {
  const receiver = await receivers.start();
  receiver.answer({ silent: true });
  const { tenant, source } = await runflowTenant(receiver.url);
  const victim = await spawnWorker(database.url);
  const eventId = await callRunflow(source);
  await eventually(() => expect(receiver.requests).toHaveLength(1), 20_000);
  const killedAt = Date.now();
  await victim.end('SIGKILL');
  const other = await startWorker();
  try {
    await eventually(() => expect(receiver.requests).toHaveLength(2), 40_000);
    expect(Date.now() - killedAt).toBeLessThan(30_000);
    expect(receiver.requests.map(({ headers }) => headers['callbox-attempt'])).toEqual(['1', '2']);
    const shown = await deliveryThat(tenant, eventId, { status: 'succeeded', attempt_count: 2 });
    expect(shown.attempts).toMatchObject([
      { number: 1, error: 'interrupted', status_code: null },
      { number: 2, error: null, status_code: 200 },
    ]);
  } finally {
    await other.stop();
  }
}, 60_000);

test('a worker that was thought dead changes nothing with its late result', async () => {
  const receiver = await startSlowReceiver();
  const { tenant, source } = await runflowTenant(receiver.url);
  const stale = await startWorker();
  const eventId = await callRunflow(source);
  await eventually(() => expect(receiver.waiting).toHaveLength(1));
  // The other one may begin only now, and finds the lease at its end.
  const other = await startWorker();
  try {
    await database.pool.query('update deliveries set due_at = now() where lease_id is not null');
    await eventually(() => expect(receiver.waiting).toHaveLength(2));
    receiver.waiting[0]?.writeHead(410).end();
    await eventually(() => expect([...stale.log, ...other.log].join('')).toContain('"next":"lease_lost"'));
    expect((await tenant.ok<{ data: object[] }>('GET', '/v1/destinations')).data).toMatchObject([
      { status: 'active' },
    ]);
    receiver.waiting[1]?.writeHead(200).end();
    const shown = await deliveryThat(tenant, eventId, { status: 'succeeded' });
    expect(shown.attempts).toMatchObject([{ error: 'interrupted' }, { status_code: 200 }]);
  } finally {
    receiver.waiting.forEach((response) => response.destroy());
    await Promise.all([stale.stop(), other.stop()]);
    receiver.stop();
  }
});

/** More than one worker takes of a destination at once. */
const COUNT = 600;

test('two workers never send the same attempt', async () => {
  const receiver = await receivers.start();
  const { source } = await runflowTenant(receiver.url);
  const workers = await Promise.all([startWorker(), startWorker()]);
  try {
    await Promise.all(Array.from({ length: COUNT }, () => callRunflow(source)));
    await eventually(async () => {
      const { rows } = await database.pool.query<{ status: string; count: number }>(
        'select status, count(*)::integer as count from deliveries group by 1',
      );
      expect(rows).toEqual([{ status: 'succeeded', count: COUNT }]);
    });
    const sent = receiver.requests.map(({ headers }) => headers['callbox-delivery-id']);
    expect(new Set(sent).size).toBe(COUNT);
    expect(sent).toHaveLength(COUNT);
    await eventually(() => {
      for (const worker of workers) expect(worker.log.join('')).toContain('delivery.attempted');
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
});

describe('a worker that is told to stop', () => {
  test('takes nothing more, ends what it is sending, and leaves the rest to others', async () => {
    const receiver = await startSlowReceiver();
    const { tenant, source } = await runflowTenant(receiver.url);
    const leaving = await startWorker();
    const begun = await callRunflow(source);
    await eventually(() => expect(receiver.waiting).toHaveLength(1));
    let hasStopped = false;
    const stopped = leaving.stop().then(() => (hasStopped = true));
    const staying = await startWorker();
    try {
      const next = await callRunflow(source);
      await eventually(() => expect(receiver.waiting).toHaveLength(2));
      expect(hasStopped).toBe(false);
      receiver.waiting.forEach((response) => response.end('ok'));
      for (const id of [begun, next])
        await deliveryThat(tenant, id, { status: 'succeeded', attempt_count: 1 });
      await stopped;
      expect(leaving.log.filter((line) => line.includes('delivery.attempted'))).toHaveLength(1);
      expect(staying.log.filter((line) => line.includes('delivery.attempted'))).toHaveLength(1);
    } finally {
      await staying.stop();
      receiver.stop();
    }
  });

  test('waits for an answer for a while only, and then gives the lease back', async () => {
    const receiver = await startSlowReceiver();
    const { tenant, source } = await runflowTenant(receiver.url);
    const leaving = await spawnWorker(database.url);
    const eventId = await callRunflow(source);
    await eventually(() => expect(receiver.waiting).toHaveLength(1), 20_000);
    try {
      expect(await leaving.end('SIGTERM')).toBe(0);
      await deliveryThat(tenant, eventId, { status: 'pending', attempt_count: 0, attempts: [] });
      const { rows } = await database.pool.query(
        'select lease_id, due_at <= now() as is_due from deliveries',
      );
      expect(rows).toEqual([{ lease_id: null, is_due: true }]);
    } finally {
      receiver.stop();
    }
  }, 60_000);
});
