import { crc32 } from 'node:zlib';
import { eventually, send, TestApp } from '#testing';

interface IssuedKey {
  readonly id: string;
  readonly plain_key: string;
  readonly hint: string;
}

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

describe('an API key', () => {
  test('is issued with its plain text, which no later answer gives', async () => {
    const tenant = await app.tenant();
    const issued = await tenant.call<IssuedKey>('POST', '/v1/api-keys', { name: 'CI', role: 'developer' });
    expect(issued.status).toBe(201);
    expect(issued.body).toEqual({
      id: expect.any(String),
      name: 'CI',
      role: 'developer',
      hint: issued.body.plain_key.slice(-4),
      created_at: expect.any(String),
      expires_at: null,
      last_used_at: null,
      replaces: null,
      plain_key: expect.any(String),
    });
    const list = await tenant.call<{ data: object[] }>('GET', '/v1/api-keys');
    expect(list.bytes.toString()).not.toContain(issued.body.plain_key);
    const { plain_key: _plainKey, ...shown } = issued.body;
    expect(list.body.data[0]).toEqual(shown);
  });

  test('looks like cbk_, its id, 256 random bits, and ends in a CRC-32 of both, in base62', async () => {
    const tenant = await app.tenant();
    const { id, plain_key: text } = await tenant.ok<IssuedKey>('POST', '/v1/api-keys', {
      name: 'a',
      role: 'viewer',
    });
    const [, secret = '', checksum = ''] =
      /^cbk_([0-9A-Z]{26}_[0-9A-Za-z]{43})([0-9A-Za-z]{6})$/.exec(text) ?? [];
    expect(secret.startsWith(`${id}_`)).toBe(true);
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const value = [...checksum].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
    expect(value).toBe(crc32(secret));
  });

  test('is kept as a keyed hash: its text is in no table', async () => {
    const tenant = await app.tenant();
    const { plain_key: text } = await tenant.ok<IssuedKey>('POST', '/v1/api-keys', {
      name: 'a',
      role: 'viewer',
    });
    for (const table of ['api_keys', 'api_key_directory']) {
      const { rows } = await app.database.pool.query<{ row: string }>(
        `select t::text as row from ${table} t`,
      );
      const needles = [text, text.slice(31, 74), Buffer.from(text).toString('hex')];
      for (const { row } of rows) expect(needles.some((needle) => row.includes(needle))).toBe(false);
    }
  });

  test('notes when it was last used', async () => {
    const tenant = await app.tenant();
    const key = await tenant.key('viewer');
    await tenant.call('GET', '/v1/sources', undefined, key);
    const { data } = await tenant.ok<{ data: { name: string; last_used_at: string | null }[] }>(
      'GET',
      '/v1/api-keys',
    );
    const used = data.find(({ name }) => name === 'viewer')?.last_used_at ?? '';
    expect(Date.now() - Date.parse(used)).toBeLessThan(10_000);
  });

  test('stops working when it expires', async () => {
    const tenant = await app.tenant();
    const { plain_key: key } = await tenant.ok<IssuedKey>('POST', '/v1/api-keys', {
      name: 'short',
      role: 'viewer',
      expires_at: new Date(Date.now() + 800).toISOString(),
    });
    expect((await tenant.call('GET', '/v1/sources', undefined, key)).status).toBe(200);
    await eventually(async () => {
      expect((await tenant.call('GET', '/v1/sources', undefined, key)).status).toBe(401);
    }, 3_000);
  });

  test('stops working at once when it is deleted, on every process', async () => {
    const second = await TestApp.start({ database: app.database });
    try {
      const tenant = await app.tenant();
      const { id, plain_key: key } = await tenant.ok<IssuedKey>('POST', '/v1/api-keys', {
        name: 'a',
        role: 'admin',
      });
      const statusOn = async ({ url }: TestApp) =>
        (await send(`${url}/v1/sources`, { headers: { authorization: `Bearer ${key}` } })).status;
      expect([await statusOn(app), await statusOn(second)]).toEqual([200, 200]);
      expect((await tenant.call('DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
      expect([await statusOn(app), await statusOn(second)]).toEqual([401, 401]);
      expect((await tenant.call('DELETE', `/v1/api-keys/${id}`)).status).toBe(404);
    } finally {
      await second.stop();
    }
  });

  test('may delete itself as long as another admin key stays', async () => {
    const tenant = await app.tenant();
    const other = await tenant.key('admin');
    const { data } = await tenant.ok<{ data: { id: string; name: string }[] }>('GET', '/v1/api-keys');
    const first = data.find(({ name }) => name === 'First admin key')?.id ?? '';
    expect((await tenant.call('DELETE', `/v1/api-keys/${first}`)).status).toBe(204);
    expect((await tenant.call('GET', '/v1/sources')).status).toBe(401);
    expect((await tenant.call('GET', '/v1/sources', undefined, other)).status).toBe(200);
  });

  test('of two last admin keys deleted at once, one stays', async () => {
    const tenant = await app.tenant();
    await tenant.key('admin');
    const { data } = await tenant.ok<{ data: { id: string }[] }>('GET', '/v1/api-keys');
    const answers = await Promise.all(data.map(({ id }) => tenant.call('DELETE', `/v1/api-keys/${id}`)));
    expect(answers.map(({ status }) => status).sort()).not.toEqual([204, 204]);
    const { rows } = await app.database.pool.query(
      `select from api_keys k join tenants t on t.id = k.tenant_id where t.slug = $1 and k.role = 'admin' and k.deleted_at is null`,
      [tenant.slug],
    );
    expect(rows).toHaveLength(1);
  });

  test('is rotated: both work until the overlap ends, and the new one keeps name and role', async () => {
    const tenant = await app.tenant();
    const old = await tenant.ok<IssuedKey>('POST', '/v1/api-keys', { name: 'CI', role: 'developer' });
    const answer = await tenant.call<IssuedKey & { replaces: string }>(
      'POST',
      `/v1/api-keys/${old.id}/rotations`,
      { overlap_seconds: 1 },
    );
    expect(answer).toMatchObject({
      status: 201,
      body: { name: 'CI', role: 'developer', replaces: old.id, expires_at: null },
    });
    const statusOf = async (key: string) => (await tenant.call('GET', '/v1/sources', undefined, key)).status;
    expect(await statusOf(old.plain_key)).toBe(200);
    await eventually(async () => expect(await statusOf(old.plain_key)).toBe(401), 3_000);
    expect(await statusOf(answer.body.plain_key)).toBe(200);
    expect(await tenant.ok('GET', `/v1/api-keys/${answer.body.id}`)).not.toHaveProperty('plain_key');
  });

  test('of the last admin is rotated for one that stays, and not for one that expires', async () => {
    const tenant = await app.tenant();
    const { data } = await tenant.ok<{ data: { id: string }[] }>('GET', '/v1/api-keys');
    const path = `/v1/api-keys/${data[0]?.id ?? ''}/rotations`;
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    expect(await tenant.call('POST', path, { overlap_seconds: 0, expires_at })).toMatchObject({
      status: 409,
      body: { code: 'last_admin_key' },
    });
    const { body } = await tenant.call<IssuedKey>('POST', path, { overlap_seconds: 0 });
    expect((await tenant.call('GET', '/v1/sources')).status).toBe(401);
    expect((await tenant.call('GET', '/v1/sources', undefined, body.plain_key)).status).toBe(200);
  });

  test('that expires does not count as the admin key that a tenant keeps', async () => {
    const tenant = await app.tenant();
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    await tenant.ok('POST', '/v1/api-keys', { name: 'short', role: 'admin', expires_at });
    const { data } = await tenant.ok<{ data: { id: string; name: string }[] }>('GET', '/v1/api-keys');
    const first = data.find(({ name }) => name === 'First admin key')?.id ?? '';
    expect(await tenant.call('DELETE', `/v1/api-keys/${first}`)).toMatchObject({
      status: 409,
      body: { code: 'last_admin_key' },
    });
  });

  test.each([
    [{ role: 'viewer' }, 'name'],
    [{ name: '', role: 'viewer' }, 'name'],
    [{ name: 'a' }, 'role'],
    [{ name: 'a', role: 'root' }, 'role'],
    [{ name: 'a', role: 'viewer', expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    [{ name: 'a', role: 'viewer', expires_at: 'tomorrow' }, 'expires_at'],
    [{ name: 'a', role: 'viewer', plain_key: 'cbk_mine' }, 'plain_key'],
    [{ name: 'a', role: 'viewer', tenant_id: 'other' }, 'tenant_id'],
  ])('is not made of %j', async (body, path) => {
    const tenant = await app.tenant();
    expect(await tenant.call('POST', '/v1/api-keys', body)).toMatchObject({
      status: 400,
      body: { code: 'malformed_request', errors: [{ path }] },
    });
  });

  test('is taken with any spelling of the scheme, and from no other place', async () => {
    const tenant = await app.tenant();
    const url = `${app.url}/v1/sources`;
    const status = async (headers: Record<string, string>, query = '') =>
      (await send(url + query, { headers })).status;
    expect(await status({ authorization: `bearer ${tenant.adminKey}` })).toBe(200);
    expect(await status({ authorization: `Basic ${tenant.adminKey}` })).toBe(401);
    expect(await status({ authorization: tenant.adminKey })).toBe(401);
    expect(await status({ 'x-api-key': tenant.adminKey })).toBe(401);
    expect(await status({}, `?api_key=${tenant.adminKey}`)).toBe(401);
  });
});
