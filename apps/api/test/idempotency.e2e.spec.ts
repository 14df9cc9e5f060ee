import { createHash } from 'node:crypto';
import { Receiver, send, TestApp, type TestTenant } from '#testing';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

/** Sends a POST under an Idempotency-Key. */
function post<Body = Record<string, unknown>>(
  tenant: TestTenant,
  key: string,
  path: string,
  body: unknown = {},
) {
  return postTo<Body>(app, { tenant, key, path, body });
}

interface Repeatable {
  readonly tenant: TestTenant;
  readonly key: string;
  readonly path: string;
  readonly body: unknown;
}

function postTo<Body = Record<string, unknown>>(at: TestApp, { tenant, key, path, body }: Repeatable) {
  return send<Body>(at.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tenant.adminKey}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  });
}

const count = async (tenant: TestTenant, path: string) =>
  (await tenant.ok<{ data: unknown[] }>('GET', path)).data.length;

describe('a POST that is sent twice under one Idempotency-Key', () => {
  test('is done once, and gets the first answer again', async () => {
    const tenant = await app.tenant();
    const body = { slug: 'orders', provider: 'github', config: { tolerance_seconds: 60 } };
    const first = await post(tenant, 'a', '/v1/sources', body);
    const second = await post(tenant, 'a', '/v1/sources', body);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(await count(tenant, '/v1/sources')).toBe(2);
  });

  test.each([
    ['/v1/callback-secrets', { label: 'a' }, 'plain_secret'],
    ['/v1/api-keys', { name: 'a', role: 'viewer' }, 'plain_key'],
    ['/v1/destinations', { name: 'a', url: 'http://127.0.0.1:9/' }, 'signing_secret'],
  ])('%s gives no plain text the second time, and keeps none', async (path, body, field) => {
    const tenant = await app.tenant();
    const first = await post(tenant, 'key', path, body);
    const second = await post(tenant, 'key', path, body);
    const { [field]: plainText, ...rest } = first.body;
    expect(plainText).toMatch(/^(whsec|cbk)_/);
    expect(second.status).toBe(201);
    expect(second.body).toEqual(rest);
    const { rows } = await app.database.pool.query<{ answer: Buffer }>('select answer from idempotency_keys');
    for (const { answer } of rows) expect(answer.includes(String(plainText))).toBe(false);
  });

  test('with another body, path or query is refused', async () => {
    const tenant = await app.tenant();
    await post(tenant, 'a', '/v1/callback-secrets', { label: 'a' });
    for (const [path, body] of [
      ['/v1/callback-secrets', { label: 'b' }],
      ['/v1/api-keys', { label: 'a' }],
    ] as const)
      expect(await post(tenant, 'a', path, body)).toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_reused' },
      });
    expect(await count(tenant, '/v1/callback-secrets')).toBe(1);
  });

  test('is done once when both come at the same time, also to two processes', async () => {
    const other = await TestApp.start({ database: app.database });
    try {
      const tenant = await app.tenant();
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          postTo(index % 2 === 0 ? app : other, {
            tenant,
            key: 'a',
            path: '/v1/api-keys',
            body: { name: 'a', role: 'viewer' },
          }),
        ),
      );
      for (const { status, body, headers } of answers) {
        expect([201, 409]).toContain(status);
        if (status === 409) {
          expect(body['code']).toBe('idempotency_in_progress');
          expect(headers['retry-after']).toBe('1');
        }
      }
      expect(await count(tenant, '/v1/api-keys')).toBe(2);
      const shown = answers.filter(({ body }) => body['plain_key'] !== undefined);
      expect(shown).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });

  test('leaves neither thing nor answer when it fails half-way', async () => {
    const own = await TestApp.start();
    try {
      const tenant = await own.tenant();
      await own.database.pool.query('revoke insert on idempotency_keys from callbox_tenant');
      const request = { tenant, key: 'a', path: '/v1/sources', body: { slug: 'orders', provider: 'github' } };
      expect((await postTo(own, request)).status).toBe(500);
      expect(await count(tenant, '/v1/sources')).toBe(1);
      await own.database.pool.query('grant insert on idempotency_keys to callbox_tenant');
      expect((await postTo(own, request)).status).toBe(201);
      expect(await count(tenant, '/v1/sources')).toBe(2);
    } finally {
      await own.stop();
    }
  });

  test('that was refused for good is refused the same again, though it would be possible by now', async () => {
    const tenant = await app.tenant();
    const body = { slug: 'default', provider: 'github' };
    expect(await post(tenant, 'a', '/v1/sources', body)).toMatchObject({
      status: 409,
      body: { code: 'slug_taken' },
    });
    await tenant.ok('DELETE', '/v1/sources/default');
    const again = await post(tenant, 'a', '/v1/sources', body);
    expect(again).toMatchObject({ status: 409, body: { code: 'slug_taken' } });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect((await post(tenant, 'b', '/v1/sources', body)).status).toBe(201);
  });

  test('that was malformed may be mended under the same key', async () => {
    const tenant = await app.tenant();
    expect((await post(tenant, 'a', '/v1/sources', { slug: 'A B', provider: 'github' })).status).toBe(400);
    expect((await post(tenant, 'a', '/v1/sources', { slug: 'a-b', provider: 'github' })).status).toBe(201);
  });

  test('that is nested without end is malformed', async () => {
    const tenant = await app.tenant();
    const answer = await send(`${app.url}/v1/sources`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tenant.adminKey}`,
        'content-type': 'application/json',
        'idempotency-key': 'deep',
      },
      body: '['.repeat(100_000) + ']'.repeat(100_000),
    });
    expect(answer.status).toBe(400);
  });

  test('is told by a hash that nobody can make who does not hold its key', async () => {
    const tenant = await app.tenant();
    const body = { label: 'a', plain_secret: 'a-password-that-can-be-guessed' };
    expect((await post(tenant, 'guessable', '/v1/callback-secrets', body)).status).toBe(201);
    const { rows } = await app.database.pool.query<{ request_hash: Buffer }>(
      `select request_hash from idempotency_keys where key = 'guessable'`,
    );
    const guess = createHash('sha256')
      .update(JSON.stringify(['POST', '/v1/callback-secrets', body]))
      .digest();
    expect(rows).toHaveLength(1);
    expect(rows[0]?.request_hash.equals(guess)).toBe(false);
  });

  test('is of one tenant: the same key is another one in another tenant', async () => {
    const [one, other] = [await app.tenant(), await app.tenant()];
    const body = { label: 'a' };
    const first = await post(one, 'same', '/v1/callback-secrets', body);
    const second = await post(other, 'same', '/v1/callback-secrets', body);
    expect(second.status).toBe(201);
    expect(second.body['id']).not.toBe(first.body['id']);
  });

  test('redelivers once', async () => {
    const receiver = await Receiver.start();
    try {
      const tenant = await app.tenant();
      const source = await tenant.source('callbox', { slug: 'a' });
      await tenant.ok('POST', '/v1/destinations', { name: 'a', url: `${receiver.url}/` });
      const { event_id: id } = await tenant.ok<{ event_id: string }>(
        'POST',
        `/v1/sources/${source.slug}/test-events`,
      );
      const path = `/v1/events/${id}/redeliveries`;
      const first = await post(tenant, 'again', path);
      const second = await post(tenant, 'again', path);
      expect(first.status).toBe(202);
      expect(second.status).toBe(202);
      expect(second.body['id']).toBe(first.body['id']);
      expect(await count(tenant, '/v1/redeliveries')).toBe(1);
    } finally {
      await receiver.stop();
    }
  });

  test('keeps the status of the first answer', async () => {
    const tenant = await app.tenant();
    const body = { filter: {}, dry_run: true };
    await tenant.ok('POST', '/v1/destinations', { name: 'a', url: 'http://127.0.0.1:9/' });
    expect((await post(tenant, 'a', '/v1/redeliveries', body)).status).toBe(200);
    expect(await post(tenant, 'a', '/v1/redeliveries', body)).toMatchObject({
      status: 200,
      body: { total: 0 },
    });
  });

  test('is forgotten after 24 hours', async () => {
    const tenant = await app.tenant();
    const body = { label: 'a' };
    const first = await post(tenant, 'day', '/v1/callback-secrets', body);
    const { rows } = await app.database.pool.query<{ hours: number }>(
      `select extract(epoch from max(expires_at) - now()) / 3600 as hours from idempotency_keys where key = 'day'`,
    );
    expect(Number(rows[0]?.hours)).toBeCloseTo(24, 1);
    await app.database.pool.query(`update idempotency_keys set expires_at = now() where key = 'day'`);
    const second = await post(tenant, 'day', '/v1/callback-secrets', body);
    expect(second.body['id']).not.toBe(first.body['id']);
    expect((await post(tenant, 'day', '/v1/callback-secrets', body)).body['id']).toBe(second.body['id']);
  });

  test.each(['caf\u00e9', 'x'.repeat(256)])('cannot have the key %j', async (key) => {
    const tenant = await app.tenant();
    expect(await post(tenant, key, '/v1/callback-secrets', { label: 'a' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'Idempotency-Key' }] },
    });
  });

  test('by the operator makes one tenant, and shows its key once', async () => {
    const slug = `t-${Date.now().toString(36)}`;
    const create = () =>
      send<{ id: string; api_key: Record<string, unknown> }>(`${app.url}/v1/tenants`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${app.settings.operatorKey ?? ''}`,
          'content-type': 'application/json',
          'idempotency-key': slug,
        },
        body: JSON.stringify({ slug }),
      });
    const [first, second] = [await create(), await create()];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body.id).toBe(first.body.id);
    expect(first.body.api_key).toHaveProperty('plain_key');
    expect(second.body.api_key).not.toHaveProperty('plain_key');
  });
});
