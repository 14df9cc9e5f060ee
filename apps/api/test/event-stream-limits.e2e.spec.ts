import { fromUlid } from '#contract';
import { newId } from '#database';
import { eventually, send, TestApp, type TestTenant } from '#testing';
import { post, SseClient } from './sse.fixture.js';

const clients: SseClient[] = [];
afterEach(() => clients.splice(0).forEach((client) => client.close()));

async function within(settings: object, work: (app: TestApp) => Promise<void>): Promise<void> {
  const app = await TestApp.start({ settings });
  try {
    await work(app);
  } finally {
    clients.splice(0).forEach((client) => client.close());
    await app.stop();
  }
}

async function open(
  app: TestApp,
  { adminKey }: TestTenant,
  options: Parameters<typeof SseClient.open>[2] = {},
) {
  const client = await SseClient.open(app.url, adminKey, options);
  clients.push(client);
  return client;
}

async function metric(app: TestApp, name: string): Promise<number> {
  const text = (await send(`${app.url}/metrics`)).bytes.toString('utf8');
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1]);
}

/** Events that are large, so that a client's connection cannot hold many; a hundred in a transaction. */
async function storeLarge(app: TestApp, tenant: TestTenant, count: number): Promise<void> {
  for (let stored = 0; stored < count; stored += 100)
    await app.database.pool.query(
      `insert into events (tenant_id, id, source_id, provider, received_at, method, path, query, size, scheme)
       select $1, one, $2, 'callbox', now(), 'POST', repeat('x', 8000), '', 0, 'hmac' from unnest($3::uuid[]) as one`,
      [fromUlid(tenant.id), newId(), Array.from({ length: 100 }, newId)],
    );
}

test(
  'a thousand streams of ten tenants all get every event of their own',
  () =>
    within({}, async (app) => {
      const streams = await Promise.all(
        Array.from({ length: 10 }, async () => {
          const tenant = await app.tenant();
          const source = await tenant.source('callbox', { slug: 'orders' });
          const opened: SseClient[] = [];
          for (let count = 0; count < 100; count += 1) opened.push(await open(app, tenant));
          return { source, opened };
        }),
      );
      expect(await metric(app, 'callbox_streams_open')).toBe(1_000);
      const accepted = await Promise.all(streams.map(({ source }) => post(source, 20, 2)));
      for (const [index, { opened }] of streams.entries())
        for (const client of opened)
          expect([...(await client.things(20, 20_000))].sort()).toEqual([...(accepted[index] ?? [])].sort());
    }),
  60_000,
);

describe('streams that are too many', () => {
  test('are answered 429 to a tenant and 503 in all, until others have ended', () =>
    within({ streams: 3, streamsPerTenant: 2 }, async (app) => {
      const [tenant, second] = [await app.tenant(), await app.tenant()];
      const head = async () => (await open(app, tenant, { method: 'HEAD' })).status;
      // It holds no place: more of them are answered than there are places.
      expect([await head(), await head(), await head(), await head()]).toEqual([200, 200, 200, 200]);
      const [first] = [await open(app, tenant), await open(app, tenant)];
      expect(await head()).toBe(429);
      const refused = await open(app, tenant);
      expect([refused.status, refused.headers['retry-after']]).toEqual([429, '5']);
      await expect(refused.problem()).resolves.toMatchObject({ code: 'too_many_requests' });
      expect((await open(app, second)).status).toBe(200);
      const full = await open(app, second);
      expect([full.status, full.headers['retry-after']]).toEqual([503, '5']);
      await expect(full.problem()).resolves.toMatchObject({ code: 'unavailable' });
      first.close();
      await eventually(async () => expect((await open(app, tenant)).status).toBe(200));
    }));

  test('do not take the place of others when they are refused', () =>
    within({ streams: 1, streamsPerTenant: 1 }, async (app) => {
      const tenant = await app.tenant();
      for (let tries = 0; tries < 3; tries += 1)
        expect((await open(app, tenant, { lastEventId: 'nonsense' })).status).toBe(400);
      expect((await open(app, tenant)).status).toBe(200);
    }));

  test('are counted as requests, one each', () =>
    within({ apiRatePerMinute: 3 }, async (app) => {
      const tenant = await app.tenant();
      const statuses = [];
      for (let tries = 0; tries < 4; tries += 1) statuses.push((await open(app, tenant)).status);
      expect(statuses).toEqual([200, 200, 200, 429]);
    }));
});

test(
  'a client that does not read holds up nobody, costs little, and has missed nothing when it reads again',
  () =>
    within({}, async (app) => {
      const tenant = await app.tenant();
      const source = await tenant.source('callbox', { slug: 'orders' });
      const quick = await open(app, tenant);
      const slow = await open(app, tenant, { isPaused: true });
      await storeLarge(app, tenant, 2_500);
      const ids = await quick.things(2_500, 40_000);
      expect(new Set(ids).size).toBe(2_500);
      const unreadBytes = await metric(app, 'callbox_stream_unread_bytes');
      // 20 MB have gone to the quick one. More than the connection itself can hold waits for the slow one, but not much more.
      expect(unreadBytes).toBeGreaterThan(64 * 1024);
      expect(unreadBytes).toBeLessThan(512 * 1024);
      const [last] = await post(source);
      expect((await quick.things(2_501)).at(-1)).toBe(last);
      slow.resume();
      expect(await slow.things(2_501, 40_000)).toEqual(quick.ids);
    }),
  120_000,
);

test('a process that stops ends its streams, also those that nobody reads, and takes no new ones', async () => {
  const app = await TestApp.start();
  const tenant = await app.tenant();
  const quick = await open(app, tenant);
  await open(app, tenant, { isPaused: true });
  await storeLarge(app, tenant, 2_000);
  await quick.things(2_000, 40_000);
  await app.stop();
  await eventually(() => expect(quick.isEnded).toBe(true));
  expect(app.log.join('').match(/"reason":"process_stopping"/g)).toHaveLength(2);
  await expect(open(app, tenant)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
}, 60_000);
