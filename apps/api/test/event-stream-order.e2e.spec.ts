import { fromUlid, toUlid } from '#contract';
import { newId } from '#database';
import { eventually, TestApp, type TestTenant } from '#testing';
import { post, SseClient } from './sse.fixture.js';

let app: TestApp;
let other: TestApp;
let tenant: TestTenant;
let source: Awaited<ReturnType<TestTenant['source']>>;
const clients: SseClient[] = [];
beforeAll(async () => {
  app = await TestApp.start();
  other = await TestApp.start({ database: app.database });
});
beforeEach(async () => {
  tenant = await app.tenant();
  source = await tenant.source('callbox', { slug: 'orders' });
});
afterEach(() => clients.splice(0).forEach((client) => client.close()));
afterAll(async () => {
  await other.stop();
  await app.stop();
});

async function open({
  of = app,
  ...options
}: { of?: TestApp } & NonNullable<Parameters<typeof SseClient.open>[2]> = {}) {
  const client = await SseClient.open(of.url, tenant.adminKey, options);
  expect(client.status).toBe(200);
  await eventually(() => expect(client.lastEventId).not.toBe(''));
  clients.push(client);
  return client;
}

/** The same source as an inbox of the other process serves it. */
const elsewhere = () => ({ ...source, url: source.url.replace(app.url, other.url) });

/** Stores an event in a transaction that is still open; `commit` ends it. */
async function storeSlowly(id = newId()) {
  const client = await app.database.pool.connect();
  await client.query('begin');
  await client.query(
    `insert into events (tenant_id, id, source_id, provider, received_at, method, path, query, size, scheme)
     values ($1, $2, $3, 'callbox', now(), 'POST', '/', '', 0, 'hmac')`,
    [fromUlid(tenant.id), id, fromUlid(source.id)],
  );
  return {
    id: toUlid(id),
    async commit() {
      await client.query('commit');
      client.release();
    },
  };
}

describe('the order', () => {
  test('is the same for all streams of all processes, and has every event once, while two inboxes take them in', async () => {
    const streams = [await open(), await open({ of: other }), await open({ query: '?source=orders' })];
    const accepted = (await Promise.all([post(source, 300, 16), post(elsewhere(), 300, 16)])).flat();
    const ids = await Promise.all(streams.map((stream) => stream.things(600)));
    expect([...(ids[0] ?? [])].sort()).toEqual([...accepted].sort());
    for (const own of ids) expect(own).toEqual(ids[0]);
  });

  test('leaves nothing out that is committed after what came later', async () => {
    const stream = await open();
    const slow = await storeSlowly();
    const [quick] = await post(source);
    const late = await open();
    await slow.commit();
    expect(await stream.things(2)).toEqual([slow.id, quick]);
    const [last] = await post(source);
    expect(await stream.things(3)).toEqual([slow.id, quick, last]);
    // It began while the slow one was under way, so that one belongs to it.
    await late.things(2);
    expect(late.ids).toContain(slow.id);
    expect(late.ids.at(-1)).toBe(last);
  });

  test('has what an old id names where it was stored', async () => {
    const stream = await open();
    const [first] = await post(source);
    await stream.things(1);
    const hourAgo = Date.now() - 3_600_000;
    const hex = hourAgo.toString(16).padStart(12, '0');
    const old = await storeSlowly(`${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000001`);
    await old.commit();
    expect(await stream.things(2)).toEqual([first, old.id]);
  });
});

describe('a stream that was cut off', () => {
  test('goes on in the middle of a burst, at another process, again and again, without a gap or anything twice', async () => {
    const seen: string[] = [];
    let stream = await open();
    const sending = Promise.all([post(source, 400, 8), post(elsewhere(), 400, 8)]);
    for (let cut = 1; cut <= 12; cut += 1) {
      await stream.things(10);
      stream.close();
      seen.push(...stream.ids);
      stream = await open({ of: cut % 2 === 0 ? app : other, lastEventId: stream.lastEventId });
      if (seen.length > 700) break;
    }
    const accepted = (await sending).flat();
    const rest = await stream.things(accepted.length - seen.length);
    expect([...seen, ...rest].sort()).toEqual([...accepted].sort());
  });

  test('before it had anything goes on where it began', async () => {
    const stream = await open();
    stream.close();
    const ids = await post(source, 3, 1);
    expect(await (await open({ lastEventId: stream.lastEventId })).things(3)).toEqual(ids);
  });

  test('is given all that it has missed, however many pages that are', async () => {
    const stream = await open();
    stream.close();
    const ids = await post(source, 450, 16);
    const again = await open({ lastEventId: stream.lastEventId });
    expect([...(await again.things(450))].sort()).toEqual([...ids].sort());
    const [last] = await post(source);
    expect((await again.things(451)).at(-1)).toBe(last);
  });

  test('goes on at a process that was started meanwhile', async () => {
    const stream = await open();
    const before = await post(source, 2, 1);
    await stream.things(2);
    stream.close();
    const third = await TestApp.start({ database: app.database });
    try {
      const [missed] = await post(source);
      const again = await open({ of: third, lastEventId: stream.lastEventId });
      expect([...before, ...(await again.things(1))]).toEqual([...before, missed]);
    } finally {
      await third.stop();
    }
  });

  test('goes on after an event of the list, by its id, as a header or as a parameter', async () => {
    const ids = await post(source, 3, 1);
    const [first = ''] = ids;
    const [byHeader, byParameter] = [
      await open({ lastEventId: first }),
      await open({ query: `?last_event_id=${first}` }),
    ];
    expect(await byHeader.things(2)).toEqual(ids.slice(1));
    expect(await byParameter.things(2)).toEqual(ids.slice(1));
  });

  test('goes on from the place of an event that was erased, and from the time of one of which nothing else is known', async () => {
    const stream = await open();
    const [erased = '', ...later] = await post(source, 3, 1);
    await stream.things(3);
    await tenant.ok('DELETE', `/v1/events/${erased}`);
    const exact = await open({ lastEventId: stream.messages[0]?.id ?? '' });
    expect(await exact.things(2)).toEqual(later);
    expect(await (await open({ lastEventId: erased })).things(2)).toEqual(later);
  });

  test('goes on by time where its number is not known, as in a database that was restored', async () => {
    const stream = await open();
    const ids = await post(source, 2, 1);
    await stream.things(2);
    const [ulid = ''] = stream.lastEventId.split(/[.~]/);
    const again = await open({ lastEventId: `${ulid}.9000000000000` });
    const [last] = await post(source);
    await eventually(() => expect(again.ids).toContain(last));
    expect([...ids, last]).toEqual(expect.arrayContaining(again.ids));
  });
});
