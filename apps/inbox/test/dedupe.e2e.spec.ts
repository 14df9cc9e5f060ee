import { type Answer, eventually, hexHmac, send, TestApp, type TestTenant } from '#testing';
import { CURRENT_KEY, genuineToken } from './qstash-tokens.fixture.js';

let app: TestApp;
let second: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
  second = await TestApp.start({ database: app.database, settings: { roles: ['inbox'] } });
});
afterAll(async () => {
  await second.stop();
  await app.stop();
});

type Source = Awaited<ReturnType<TestTenant['source']>>;
type Headers = Readonly<Record<string, string>>;

const SIGNATURES: Readonly<Record<string, string>> = {
  runflow: 'runflow-signature',
  callbox: 'callbox-signature',
};

/** Sends a callback of an HMAC provider; `to` is the process it comes to. */
function post(
  provider: string,
  { url, secret }: Source,
  body: string,
  { headers = {}, to = app }: { headers?: Headers; to?: TestApp } = {},
): Promise<Answer> {
  return send(to.url + new URL(url).pathname, {
    method: 'POST',
    headers: { [SIGNATURES[provider] ?? '']: hexHmac(secret, body), ...headers },
    body,
  });
}

const run = (runId: string, event = 'run.completed', more: object = {}): string =>
  JSON.stringify({ event, run_id: runId, ...more });

function statusesOf(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const key = status === 200 ? (body['status'] as string) : String(status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

async function eventsOf(tenant: TestTenant) {
  return (await tenant.ok<{ data: { id: string; duplicate_count: number }[] }>('GET', '/v1/events?limit=250'))
    .data;
}

describe('the same provider event', () => {
  test('from Runflow is known by its run and event', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const first = await post('runflow', source, run('r1'));
    expect(first.body['status']).toBe('accepted');
    const again = await post('runflow', source, run('r1', 'run.completed', { retried: true }));
    expect(again).toMatchObject({ status: 200, body: { id: first.body['id'], status: 'duplicate' } });
    for (const body of [run('r1', 'run.failed'), run('r2'), '{"event":"run.completed"}', '{"run_id":"r1"}'])
      expect((await post('runflow', source, body)).body['status']).toBe('accepted');
    expect(await eventsOf(tenant)).toHaveLength(5);
  });

  test('from QStash is known by its message id, not by its token', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('qstash', { plainSecret: CURRENT_KEY });
    const deliver = (messageId: string | null, token: string) =>
      send(url, {
        method: 'POST',
        headers: {
          'upstash-signature': token,
          ...(messageId === null ? {} : { 'Upstash-Message-Id': messageId }),
        },
        body: '{}',
      });
    const token = genuineToken({ url, body: '{}' });
    const first = await deliver('msg_1', token);
    const retried = await deliver('msg_1', genuineToken({ url, body: '{}' }, { jti: 'jwt_of-the-retry' }));
    expect(retried.body).toEqual({ id: first.body['id'], status: 'duplicate' });
    expect((await deliver('msg_2', token)).body['status']).toBe('accepted');
    expect((await deliver(null, token)).body['status']).toBe('accepted');
    expect((await deliver(null, token)).body['status']).toBe('accepted');
  });

  test('is not known at a provider that names no event, unless the source says by what', async () => {
    const tenant = await app.tenant();
    const plain = await tenant.source('callbox', { slug: 'plain' });
    const byHeader = await tenant.source('callbox', {
      slug: 'by-header',
      config: { dedupe: { key: 'header:X-Order-Id' } },
    });
    const byJson = await tenant.source('callbox', {
      slug: 'by-json',
      config: { dedupe: { key: 'json:/data/0/a~1b' } },
    });
    const statuses = async (source: Source, ...sent: readonly [body: string, headers?: Headers][]) => {
      const answers: unknown[] = [];
      for (const [body, headers] of sent)
        answers.push((await post('callbox', source, body, headers ? { headers } : {})).body['status']);
      return answers;
    };
    expect(await statuses(plain, ['{"id":1}'], ['{"id":1}'])).toEqual(['accepted', 'accepted']);
    expect(
      await statuses(
        byHeader,
        ['1', { 'x-order-id': 'A' }],
        ['2', { 'X-ORDER-ID': 'A' }],
        ['1', { 'x-order-id': 'a' }],
        ['1'],
        ['1'],
      ),
    ).toEqual(['accepted', 'duplicate', 'accepted', 'accepted', 'accepted']);
    expect(
      await statuses(
        byJson,
        ['{"data":[{"a/b":7}]}'],
        ['{ "data": [ {"a/b": 7} ] }'],
        ['{"data":[{"a/b":8}]}'],
        ['not json'],
        ['not json'],
      ),
    ).toEqual(['accepted', 'duplicate', 'accepted', 'accepted', 'accepted']);
  });

  test('is known by a key of any length, to its last character', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('callbox', { config: { dedupe: { key: 'json:/id' } } });
    const statuses: unknown[] = [];
    for (const id of [
      'x'.repeat(300),
      'x'.repeat(300),
      `${'x'.repeat(299)}y`,
      'x'.repeat(256),
      'x'.repeat(70_000),
    ])
      statuses.push((await post('callbox', source, JSON.stringify({ id }))).body['status']);
    expect(statuses).toEqual(['accepted', 'duplicate', 'accepted', 'accepted', 'accepted']);
    expect((await post('callbox', source, JSON.stringify({ id: 'x'.repeat(70_000) }))).body['status']).toBe(
      'duplicate',
    );
  });

  test('is another one at another source and at another tenant', async () => {
    const [one, other] = [await app.tenant(), await app.tenant()];
    const secret = { plainSecret: 'whsec_shared-by-all-three-0123456789' };
    const sources = [
      await one.source('runflow', { slug: 'a', ...secret }),
      await one.source('runflow', { slug: 'b', ...secret }),
      await other.source('runflow', { slug: 'a', ...secret }),
    ];
    for (const source of sources)
      expect((await post('runflow', source, run('r1'))).body['status']).toBe('accepted');
    for (const source of sources)
      expect((await post('runflow', source, run('r1'))).body['status']).toBe('duplicate');
  });

  test('cannot be claimed by a callback that was refused', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    for (let number = 0; number < 3; number += 1)
      expect((await post('runflow', { ...source, secret: 'whsec_forged' }, run('r1'))).status).toBe(401);
    expect((await post('runflow', source, run('r1'))).body['status']).toBe('accepted');
    expect((await post('runflow', { ...source, secret: 'whsec_forged' }, run('r1'))).status).toBe(401);
    expect(await eventsOf(tenant)).toMatchObject([{ duplicate_count: 0 }]);
  });

  test('keeps the bytes of the first and counts the others', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const { body } = await post('runflow', source, run('r1', 'run.completed', { n: 0 }));
    for (let n = 1; n <= 4; n += 1) await post('runflow', source, run('r1', 'run.completed', { n }));
    const event = await tenant.ok('GET', `/v1/events/${body['id'] as string}`);
    expect(event).toMatchObject({
      duplicate_count: 4,
      body: run('r1', 'run.completed', { n: 0 }),
    });
  });
});

describe('the window of a source', () => {
  test('of 0 stores every callback', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow', { config: { dedupe: { window_seconds: 0 } } });
    for (let number = 0; number < 3; number += 1)
      expect((await post('runflow', source, run('r1'))).body['status']).toBe('accepted');
    expect(await eventsOf(tenant)).toHaveLength(3);
  });

  test('ends, and the next callback is a new event with a window of its own', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow', { config: { dedupe: { window_seconds: 1 } } });
    const first = await post('runflow', source, run('r1'));
    expect((await post('runflow', source, run('r1'))).body).toEqual({
      id: first.body['id'],
      status: 'duplicate',
    });
    const next = await eventually(async () => {
      const answer = await post('runflow', source, run('r1'));
      expect(answer.body['status']).toBe('accepted');
      return answer;
    });
    expect(next.body['id']).not.toBe(first.body['id']);
    expect((await post('runflow', source, run('r1'))).body).toEqual({
      id: next.body['id'],
      status: 'duplicate',
    });
    expect(await eventsOf(tenant)).toHaveLength(2);
  });

  test('can be changed while callbacks come', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    await post('runflow', source, run('r1'));
    expect((await post('runflow', source, run('r1'))).body['status']).toBe('duplicate');
    await tenant.ok('PATCH', `/v1/sources/${source.id}`, { config: { dedupe: { window_seconds: 0 } } });
    await eventually(
      async () => expect((await post('runflow', source, run('r1'))).body['status']).toBe('accepted'),
      1_000,
    );
  });

  test('is checked when it is set', async () => {
    const tenant = await app.tenant();
    for (const dedupe of [
      { window_seconds: -1 },
      { window_seconds: 2_592_001 },
      { window_seconds: 1.5 },
      { key: 'body:/x' },
      { key: 'json:no-pointer' },
      { key: 'json:/~2' },
      { key: 'header:' },
      { key: 'header:a b' },
      { unknown: 1 },
    ]) {
      const answer = await tenant.call('POST', '/v1/sources', {
        slug: 'x',
        provider: 'runflow',
        config: { dedupe },
      });
      expect(answer.status).toBe(400);
    }
  });
});

describe('concurrent callbacks with one key', () => {
  test.each([2, 50])('are one event: %d of them, at two processes', async (count) => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          post('runflow', source, run(`round_${round}`, 'run.completed', { index }), {
            to: index % 2 === 0 ? app : second,
          }),
        ),
      );
      expect(statusesOf(answers)).toEqual({ accepted: 1, duplicate: count - 1 });
      expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1);
    }
    const events = await eventsOf(tenant);
    expect(events.map(({ duplicate_count }) => duplicate_count)).toEqual(Array(5).fill(count - 1));
  });

  test('among many keys in opposite orders neither block each other nor lose a count', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const keys = Array.from({ length: 40 }, (_, index) => `r${index}`);
    const answers = await Promise.all(
      [0, 1, 2, 3].flatMap((pass) =>
        (pass % 2 === 0 ? keys : [...keys].reverse()).map((key) =>
          post('runflow', source, run(key), { to: pass % 2 === 0 ? app : second }),
        ),
      ),
    );
    expect(statusesOf(answers)).toEqual({ accepted: 40, duplicate: 120 });
    expect((await eventsOf(tenant)).map(({ duplicate_count }) => duplicate_count)).toEqual(Array(40).fill(3));
  });
});
