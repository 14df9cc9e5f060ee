import { createHmac } from 'node:crypto';
import { send, TestApp } from '#testing';
import { checksum } from './checksum.fixture.js';

/** Applications of their own: these tests use up limits that are counted per address. */
async function within<Result>(
  settings: Parameters<typeof TestApp.start>[0],
  work: (app: TestApp) => Promise<Result>,
): Promise<Result> {
  const app = await TestApp.start(settings);
  try {
    return await work(app);
  } finally {
    await app.stop();
  }
}

const list = (app: TestApp, key: string) =>
  send<{ code?: string }>(`${app.url}/v1/sources`, { headers: { authorization: `Bearer ${key}` } });

describe('the rate limit of an API key', () => {
  test('is told with every answer, and beyond it there is 429 with how long to wait', () =>
    within({ settings: { apiRatePerMinute: 5 } }, async (app) => {
      const tenant = await app.tenant();
      const other = await tenant.key('viewer');
      for (let remaining = 3; remaining >= 0; remaining -= 1) {
        const { status, headers } = await list(app, tenant.adminKey);
        expect(status).toBe(200);
        expect(headers).toMatchObject({
          'ratelimit-limit': '5',
          'ratelimit-remaining': String(remaining),
          'ratelimit-policy': '5;w=60',
        });
        expect(Number(headers['ratelimit-reset'])).toBeGreaterThan(0);
        expect(Number(headers['ratelimit-reset'])).toBeLessThanOrEqual(60);
      }
      const refused = await list(app, tenant.adminKey);
      expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
      expect(refused.headers['content-type']).toBe('application/problem+json');
      expect(refused.headers['retry-after']).toBe(refused.headers['ratelimit-reset']);
      expect(refused.headers['ratelimit-remaining']).toBe('0');
      expect((await list(app, other)).status).toBe(200);
    }));

  test('counts refused requests of a known key too, and is 600 a minute by default', () =>
    within({ settings: { apiRatePerMinute: 600 } }, async (app) => {
      const tenant = await app.tenant();
      const answer = await tenant.call('GET', '/v1/sources/not-there');
      expect(answer.status).toBe(404);
      expect(answer.headers['ratelimit-limit']).toBe('600');
      expect(answer.headers['ratelimit-remaining']).toBe('599');
    }));

  test('does not touch the inbox', () =>
    within({ settings: { apiRatePerMinute: 3 } }, async (app) => {
      const tenant = await app.tenant();
      const source = await tenant.source('callbox', { slug: 'a' });
      for (let round = 0; round < 6; round += 1) {
        const body = `{"n":${round}}`;
        const signature = createHmac('sha256', source.secret).update(body).digest('hex');
        const answer = await send(source.url, {
          method: 'POST',
          headers: { 'callbox-signature': signature },
          body,
        });
        expect(answer.status).toBe(200);
      }
    }));
});

describe('guessing of API keys', () => {
  const guess = (index: number) => `cbk_wrong-${index}`;

  test('is slowed down by address, and the owner of a right key is never locked out', () =>
    within({}, async (app) => {
      const tenant = await app.tenant();
      const unused = await tenant.key('viewer');
      const statuses: number[] = [];
      for (let index = 0; index < 204; index += 1) statuses.push((await list(app, guess(index))).status);
      expect(statuses.slice(0, 200)).toEqual(Array.from({ length: 200 }, () => 401));
      expect(statuses.slice(200)).toEqual([429, 429, 429, 429]);
      expect((await list(app, tenant.adminKey)).status).toBe(200);
      // Never used before, from the address that guesses.
      expect((await list(app, unused)).status).toBe(200);
    }));

  test(
    'at once and in numbers leaves a key that has worked lately alone',
    () =>
      within({}, async (app) => {
        const tenant = await app.tenant();
        expect((await list(app, tenant.adminKey)).status).toBe(200);
        const guesses = await Promise.all(Array.from({ length: 320 }, (_, index) => list(app, guess(index))));
        const refusals = guesses.filter(({ status }) => status === 429);
        expect(refusals.length).toBeGreaterThan(80);
        for (const { headers } of refusals) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
        expect(guesses.every(({ status }) => status === 401 || status === 429)).toBe(true);
        expect((await list(app, tenant.adminKey)).status).toBe(200);
      }),
    20_000,
  );

  test('of one key from many addresses is slowed down by that key, and written down for its owner', () =>
    within({ settings: { trustedProxies: ['127.0.0.1/32'] } }, async (app) => {
      const tenant = await app.tenant();
      const [, ulid = ''] = tenant.adminKey.split('_');
      const statuses: number[] = [];
      for (let index = 0; index < 203; index += 1) {
        const text = `${ulid}_${String(index).padStart(43, '0')}`;
        const { status } = await send(`${app.url}/v1/sources`, {
          headers: {
            authorization: `Bearer cbk_${text}${checksum(text)}`,
            'x-forwarded-for': `198.51.100.${index}`,
          },
        });
        statuses.push(status);
      }
      expect(statuses.slice(0, 200)).toEqual(Array.from({ length: 200 }, () => 401));
      expect(statuses.slice(200)).toEqual([429, 429, 429]);
      expect((await list(app, tenant.adminKey)).status).toBe(200);
      const { data } = await tenant.ok<{ data: { remote_ip: string; details: object }[] }>(
        'GET',
        '/v1/audit-log?action=api_key.refused&limit=250',
      );
      expect(data).toHaveLength(203);
      expect(data.at(-1)).toMatchObject({
        remote_ip: '198.51.100.0',
        details: { reason: 'wrong_secret', method: 'GET', path: '/v1/sources' },
      });
    }));

  test('leaves an address that has not been wrong alone, with a key that was never used here', () =>
    within({ settings: { trustedProxies: ['127.0.0.1/32'] } }, async (app) => {
      const tenant = await app.tenant();
      const unused = await tenant.key('viewer');
      const [, ulid = ''] = unused.split('_');
      const from = (address: string, key: string) =>
        send(`${app.url}/v1/sources`, {
          headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': address },
        });
      const wrong = (index: number) => {
        const text = `${ulid}_${String(index).padStart(43, '0')}`;
        return from('198.51.100.1', `cbk_${text}${checksum(text)}`);
      };
      for (let index = 0; index < 200; index += 1) await wrong(index);
      const crowd = Promise.all(Array.from({ length: 80 }, (_, index) => wrong(1_000 + index)));
      for (let host = 1; host <= 5; host += 1)
        expect((await from(`203.0.113.${host}`, unused)).status).toBe(200);
      const statuses = new Set((await crowd).map(({ status }) => status));
      expect([...statuses]).toEqual([429]);
    }));

  test('is not what a deleted key does: it is refused each time, and no more', () =>
    within({}, async (app) => {
      const tenant = await app.tenant();
      const { id, plain_key: key } = await tenant.ok<{ id: string; plain_key: string }>(
        'POST',
        '/v1/api-keys',
        {
          name: 'a',
          role: 'viewer',
        },
      );
      await tenant.ok('DELETE', `/v1/api-keys/${id}`);
      const answers = [];
      for (let round = 0; round < 205; round += 1) answers.push((await list(app, key)).status);
      expect(new Set(answers)).toEqual(new Set([401]));
    }));

  test('of the operator key is slowed down too', () =>
    within({}, async (app) => {
      const statuses: number[] = [];
      for (let index = 0; index < 203; index += 1)
        statuses.push(
          (await send(`${app.url}/v1/tenants`, { headers: { authorization: `Bearer ${guess(index)}` } }))
            .status,
        );
      expect(statuses.slice(199)).toEqual([401, 429, 429, 429]);
      expect((await app.operator('GET', '/v1/tenants')).status).toBe(200);
    }));
});

describe('the address of a caller', () => {
  test('is not what it says itself, unless a trusted proxy says so', () =>
    within({}, async (app) => {
      const tenant = await app.tenant();
      await send(`${app.url}/v1/callback-secrets`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tenant.adminKey}`,
          'content-type': 'application/json',
          'x-forwarded-for': '192.0.2.1',
        },
        body: '{"label":"a"}',
      });
      const { data } = await tenant.ok<{ data: { remote_ip: string }[] }>('GET', '/v1/audit-log?limit=1');
      expect(data[0]?.remote_ip).toBe('127.0.0.1');
    }));
});
