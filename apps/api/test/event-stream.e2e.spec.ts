import { fromUlid } from '#contract';
import { eventually, send, TestApp, type TestTenant } from '#testing';
import { post, SseClient } from './sse.fixture.js';

const ULID = '01KAQ3ZX9B7T4N2M8V5C6D1E0F';

interface Refused {
  readonly key?: string;
  readonly query?: string;
  readonly lastEventId?: string;
  readonly code: string;
}

let app: TestApp;
let tenant: TestTenant;
let source: Awaited<ReturnType<TestTenant['source']>>;
/** Opened before everything else, so that its heartbeat comes while the others are tested. */
let quiet: SseClient;
const clients: SseClient[] = [];
beforeAll(async () => {
  app = await TestApp.start({ settings: { apiRatePerMinute: 100_000 } });
  const other = await app.tenant();
  quiet = await SseClient.open(app.url, other.adminKey);
});
beforeEach(async () => {
  tenant = await app.tenant();
  source = await tenant.source('callbox', { slug: 'orders' });
});
afterEach(() => clients.splice(0).forEach((client) => client.close()));
afterAll(async () => {
  quiet.close();
  await app.stop();
});

async function open(key = tenant.adminKey, options: Parameters<typeof SseClient.open>[2] = {}) {
  const client = await SseClient.open(app.url, key, options);
  clients.push(client);
  return client;
}

describe('a stream', () => {
  test('begins at once, with the headers that keep it flowing and the place from which nothing is missed', async () => {
    const client = await open();
    expect(client.status).toBe(200);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'ratelimit-limit': '100000',
    });
    await eventually(() =>
      expect([client.retry, client.lastEventId]).toEqual(['2000', expect.stringMatching(/./)]),
    );
    expect(client.messages).toEqual([]);
  });

  test('carries each event once, as the list shows it, also to a viewer', async () => {
    await post(source, 2);
    const [admin, viewer] = [await open(), await open(await tenant.key('viewer'))];
    const ids = await post(source, 5);
    // A stream may begin with what was stored a moment before it: while other transactions go on, nobody knows the order.
    const [seen, alsoSeen] = await eventually(() => {
      const found = [admin, viewer].map(({ messages }) =>
        messages.filter(({ data }) => ids.includes(data.id)),
      );
      for (const messages of found) expect(messages).toHaveLength(5);
      return found;
    });
    expect(alsoSeen).toEqual(seen);
    expect(new Set(seen?.map(({ event }) => event))).toEqual(new Set(['event']));
    expect(new Set(seen?.map(({ id }) => id)).size).toBe(5);
    const { data: listed } = await tenant.ok<{ data: { id: string }[] }>('GET', '/v1/events?limit=5');
    const byId = (items: readonly { readonly id: string }[]) =>
      [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(byId(seen?.map(({ data }) => data) ?? [])).toEqual(byId(listed));
  });

  test('says nothing of a duplicate', async () => {
    const once = await tenant.source('callbox', {
      slug: 'once',
      config: { dedupe: { key: 'json:/number' } },
    });
    const client = await open();
    const [first] = await post(once);
    await post(once);
    const [last] = await post(source);
    expect(await client.things(2)).toEqual([first, last]);
  });

  test('of one source carries nothing of another, whether it is named by slug or by id', async () => {
    const other = await tenant.source('callbox', { slug: 'other' });
    const [bySlug, byId] = [
      await open(undefined, { query: '?source=orders' }),
      await open(undefined, { query: `?source=${source.id}` }),
    ];
    const all = await open();
    await post(other, 3);
    const own = await post(source, 2, 1);
    await post(other, 3);
    await all.things(8);
    expect([await bySlug.things(2), await byId.things(2)]).toEqual([own, own]);
  });

  test('goes on when its source is deleted, and with one that takes the slug over', async () => {
    const client = await open(undefined, { query: '?source=orders' });
    const [first] = await post(source);
    await client.things(1);
    await tenant.ok('DELETE', '/v1/sources/orders');
    const again = await tenant.source('callbox', { slug: 'orders' });
    const [second] = await eventually(() => post(again));
    expect(await client.things(2)).toEqual([first, second]);
    expect(client.isEnded).toBe(false);
  });

  test("never carries another tenant's events, not even from an id of its own on", async () => {
    const stranger = await app.tenant();
    const theirs = await stranger.source('callbox', { slug: 'orders' });
    const [secretEvent = ''] = await post(theirs);
    const spy = await SseClient.open(app.url, stranger.adminKey);
    const clientsOfTenant = [await open(), await open(undefined, { lastEventId: secretEvent })];
    await post(theirs, 5);
    const own = await post(source, 1);
    await spy.things(5);
    for (const client of clientsOfTenant) expect(await client.things(1)).toEqual(own);
    const place = spy.lastEventId;
    spy.close();
    const [own2] = await post(source);
    const thief = await open(undefined, { lastEventId: place });
    const later = await post(source);
    expect((await thief.things(later.length)).filter((id) => ![...own, own2, ...later].includes(id))).toEqual(
      [],
    );
  });

  test('sends a heartbeat with its place while nothing happens', async () => {
    await eventually(() => expect(quiet.comments).toContain('heartbeat'), 25_000);
    expect(quiet.messages).toEqual([]);
    expect(quiet.lastEventId).toMatch(/^[0-9A-Z]{26}~\d+$/);
  });
});

describe('a refused callback', () => {
  async function refuse(url: string): Promise<void> {
    const headers = { 'callbox-signature': 'a'.repeat(64) };
    expect((await send(url, { method: 'POST', headers, body: '{"a":1}' })).status).toBe(401);
  }

  test('is carried as the list of rejections shows it, in its place, and without its body to a viewer', async () => {
    const [admin, viewer] = [await open(), await open(await tenant.key('viewer'))];
    await refuse(source.url);
    await admin.things(1);
    await post(source);
    await admin.things(2);
    await viewer.things(2);
    for (const [{ messages }, key] of [
      [admin, tenant.adminKey],
      [viewer, await tenant.key('viewer')],
    ] as const) {
      expect(messages.map(({ event }) => event)).toEqual(['rejection', 'event']);
      const { body } = await tenant.call<{ data: object[] }>('GET', '/v1/rejections', undefined, key);
      expect([messages[0]?.data]).toEqual(body.data);
    }
    expect([admin, viewer].map(({ messages }) => messages[0]?.data['body_excerpt'])).toEqual([
      '{"a":1}',
      null,
    ]);
  });

  test('is resumed from like an event, by its place or by its id, and filtered by its source', async () => {
    const other = await tenant.source('callbox', { slug: 'other' });
    const [all, own] = [await open(), await open(undefined, { query: '?source=orders' })];
    await refuse(other.url);
    await all.things(1);
    await refuse(source.url);
    await all.things(2);
    const [event] = await post(source);
    const [first = '', second] = await all.things(3);
    expect(await own.things(2)).toEqual([second, event]);
    for (const lastEventId of [first, all.messages[0]?.id ?? ''])
      expect(await (await open(undefined, { lastEventId })).things(2)).toEqual([second, event]);
  });

  test('that cannot be shown holds back the streams of its tenant alone, until it can', async () => {
    await refuse(source.url);
    const stranger = await app.tenant();
    const theirs = await stranger.source('callbox', { slug: 'orders' });
    const set =
      'update rejections set excerpt = set_byte(excerpt, 20, get_byte(excerpt, 20) # 1) where tenant_id = $1';
    const rejection = await eventually(async () => {
      const { data } = await tenant.ok<{ data: { id: string }[] }>('GET', '/v1/rejections');
      expect(data).toHaveLength(1);
      return data[0]?.id;
    });
    await app.database.pool.query(set, [fromUlid(tenant.id)]);
    const client = await open(undefined, { lastEventId: ULID });
    const [event] = await post(source);
    await eventually(() => expect(app.log.join('')).toContain('streams.rejection_not_shown'));
    const others = await open(stranger.adminKey);
    const [other] = await post(theirs);
    expect(await others.things(1)).toEqual([other]);
    expect(client.messages).toEqual([]);
    await app.database.pool.query(set, [fromUlid(tenant.id)]);
    expect(await client.things(2)).toEqual([rejection, event]);
  });
});

describe('before it begins', () => {
  test.each([
    ['401 without a key', { key: '', code: 'unauthorized' }],
    ['404 for an unknown source', { query: '?source=nowhere', code: 'not_found' }],
    ['400 for an id that is none', { lastEventId: 'yesterday', code: 'malformed_request' }],
    [
      '400 for a number that is none',
      { lastEventId: `${ULID}.${'9'.repeat(20)}`, code: 'malformed_request' },
    ],
    ['400 for an id without end', { lastEventId: '0'.repeat(1_000), code: 'malformed_request' }],
    ['400 for a query that it does not know', { query: '?types=a', code: 'malformed_request' }],
  ])('it answers %s, to HEAD too', async (title, { key, code, ...options }: Refused) => {
    const client = await open(key, options);
    expect(client.headers['content-type']).toBe('application/problem+json');
    expect(title).toContain(String(client.status));
    await expect(client.problem()).resolves.toMatchObject({ code, status: client.status });
    const head = await open(key, { ...options, method: 'HEAD' });
    expect([head.status, head.headers['content-type']]).toEqual([client.status, 'application/problem+json']);
  });

  test("another tenant's source is not there", async () => {
    const stranger = await app.tenant();
    const client = await open(stranger.adminKey, { query: `?source=${source.id}` });
    expect(client.status).toBe(404);
  });

  test('HEAD is answered with its headers alone', async () => {
    const client = await open(undefined, { method: 'HEAD' });
    expect([client.status, client.headers['content-type']]).toEqual([200, 'text/event-stream']);
    await eventually(() => expect(client.isEnded).toBe(true));
  });
});

describe('a stream ends', () => {
  test('when its API key is deleted, and those of other keys go on', async () => {
    const { id, plain_key: key } = await tenant.ok<{ id: string; plain_key: string }>(
      'POST',
      '/v1/api-keys',
      {
        name: 'doomed',
        role: 'viewer',
      },
    );
    const [doomed, kept] = [await open(key), await open()];
    await tenant.ok('DELETE', `/v1/api-keys/${id}`);
    await eventually(() => expect(doomed.isEnded).toBe(true));
    const [event] = await post(source);
    expect(await kept.things(1)).toEqual([event]);
    expect(doomed.messages).toEqual([]);
    expect(app.log.join('')).toContain('"reason":"key_refused"');
  });

  test('when its API key expires', async () => {
    const { plain_key: key } = await tenant.ok<{ plain_key: string }>('POST', '/v1/api-keys', {
      name: 'short',
      role: 'viewer',
      expires_at: new Date(Date.now() + 2_000).toISOString(),
    });
    const client = await open(key);
    expect(client.status).toBe(200);
    await eventually(() => expect(client.isEnded).toBe(true));
  });

  test('when its tenant is deleted', async () => {
    const client = await open();
    await app.operator('DELETE', `/v1/tenants/${tenant.id}`);
    await eventually(() => expect(client.isEnded).toBe(true));
  });
});
