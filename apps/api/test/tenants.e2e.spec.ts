import { eventually, hexHmac, send, TestApp } from '#testing';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const uniqueSlug = () => `t-${Math.random().toString(36).slice(2, 10)}`;

describe('the operator', () => {
  test('makes a tenant with an admin key and a source "default"', async () => {
    const slug = uniqueSlug();
    const { status, body } = await app.operator<{
      id: string;
      api_key: { id: string; role: string; plain_key: string };
    }>('POST', '/v1/tenants', { slug, name: 'Acme Inc.' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String),
      slug,
      name: 'Acme Inc.',
      rate_limit: null,
      created_at: expect.any(String),
      api_key: { id: expect.any(String), role: 'admin', plain_key: expect.stringMatching(/^cbk_/) },
    });
    const sources = await send<{ data: object[] }>(`${app.url}/v1/sources`, {
      headers: { authorization: `Bearer ${body.api_key.plain_key}` },
    });
    expect(sources.body.data).toEqual([
      expect.objectContaining({
        slug: 'default',
        provider: 'callbox',
        ingest_url: `${app.url}/in/${slug}/default`,
      }),
    ]);
  });

  test('names a tenant by its slug when no name is given', async () => {
    const slug = uniqueSlug();
    expect((await app.operator('POST', '/v1/tenants', { slug })).body).toMatchObject({ name: slug });
  });

  test('cannot take a slug twice', async () => {
    const { slug } = await app.tenant();
    expect(await app.operator('POST', '/v1/tenants', { slug })).toMatchObject({
      status: 409,
      body: { code: 'slug_taken' },
    });
  });

  test.each(['', 'Upper', '-a', 'a-', 'a_b', 'ä', 'a'.repeat(64), 'a/b', null, 7])(
    'cannot give the slug %j',
    async (slug) => {
      expect(await app.operator('POST', '/v1/tenants', { slug })).toMatchObject({
        status: 400,
        body: { code: 'malformed_request', errors: [{ path: 'slug' }] },
      });
    },
  );

  test('lists tenants newest first, page by page, and gets one without its key', async () => {
    const [older, newer] = [await app.tenant(), await app.tenant()];
    const first = await app.operator<{ data: { id: string }[]; next_cursor: string }>(
      'GET',
      '/v1/tenants?limit=1',
    );
    expect(first.body.data.map(({ id }) => id)).toEqual([newer.id]);
    const second = await app.operator<{ data: { id: string }[] }>(
      'GET',
      `/v1/tenants?limit=1&cursor=${first.body.next_cursor}`,
    );
    expect(second.body.data.map(({ id }) => id)).toEqual([older.id]);
    const one = await app.operator('GET', `/v1/tenants/${older.id}`);
    expect(Object.keys(one.body).sort()).toEqual(['created_at', 'id', 'name', 'rate_limit', 'slug']);
  });

  test('changes a tenant’s name and rate limit, each by itself', async () => {
    const { id } = await app.tenant();
    const limit = { per_second: 0.5, burst: 20 };
    const limited = await app.operator('PATCH', `/v1/tenants/${id}`, { rate_limit: limit });
    expect(limited).toMatchObject({ status: 200, body: { id, rate_limit: limit } });
    const renamed = await app.operator('PATCH', `/v1/tenants/${id}`, { name: 'Umbrella' });
    expect(renamed.body).toMatchObject({ name: 'Umbrella', rate_limit: limit });
    expect((await app.operator('GET', `/v1/tenants/${id}`)).body).toEqual(renamed.body);
    const freed = await app.operator('PATCH', `/v1/tenants/${id}`, { rate_limit: null });
    expect(freed.body).toMatchObject({ name: 'Umbrella', rate_limit: null });
  });

  test.each([{ per_second: 0 }, { per_second: -1 }, { burst: 5 }, { per_second: 1, burst: 0 }, 7])(
    'cannot give the rate limit %j',
    async (rate_limit) => {
      const { id } = await app.tenant();
      expect(await app.operator('PATCH', `/v1/tenants/${id}`, { rate_limit })).toMatchObject({
        status: 400,
        body: { code: 'malformed_request' },
      });
    },
  );

  test('erases a tenant with all that is its own: keys, URLs and rows', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const body = '{"event":"run.completed","run_id":"run_1"}';
    const headers = { 'runflow-signature': hexHmac(source.secret, body) };
    expect((await send(source.url, { method: 'POST', headers, body })).status).toBe(200);

    expect((await app.operator('DELETE', `/v1/tenants/${tenant.id}`)).status).toBe(204);
    expect((await tenant.call('GET', '/v1/sources')).status).toBe(401);
    expect((await app.operator('GET', `/v1/tenants/${tenant.id}`)).status).toBe(404);
    expect((await app.operator('DELETE', `/v1/tenants/${tenant.id}`)).status).toBe(404);
    await eventually(async () => {
      expect((await send(source.url, { method: 'POST', headers, body })).status).toBe(404);
    }, 1_000);
    for (const table of ['tenants', 'api_keys', 'sources', 'callback_secrets', 'events', 'event_contents']) {
      const column = table === 'tenants' ? 'id' : 'tenant_id';
      const { rows } = await app.database.pool.query<{ count: number }>(
        `select count(*)::integer as count from ${table} where ${column} not in (select id from tenants)`,
      );
      expect([table, rows[0]?.count]).toEqual([table, 0]);
    }
  });

  test('erases what was being stored while it was erased as well', async () => {
    const tenant = await app.tenant();
    const { pool } = app.database;
    const ofTenant = '(select id from tenants where slug = $1)';
    const { rows: found } = await pool.query<{ id: string }>(`select id from tenants where slug = $1`, [
      tenant.slug,
    ]);
    const storing = await pool.connect();
    try {
      await storing.query('begin');
      await storing.query(
        `insert into fan_outs (tenant_id, id, event_ids, source_ids, types)
         values (${ofTenant}, gen_random_uuid(), '{}', '{}', '{}')`,
        [tenant.slug],
      );
      const erasing = app.operator('DELETE', `/v1/tenants/${tenant.id}`);
      await eventually(async () => {
        const { rows } = await pool.query(`select from tenants where slug = $1 and wrapped_key = ''`, [
          tenant.slug,
        ]);
        expect(rows).toHaveLength(1);
      });
      // Long enough for a first look to have missed it.
      await storing.query('select pg_sleep(0.5)');
      await storing.query('commit');
      expect((await erasing).status).toBe(204);
    } finally {
      storing.release();
    }
    const { rows: tables } = await pool.query<{ name: string }>(
      `select relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relkind in ('r', 'p') and not c.relispartition`,
    );
    for (const { name } of tables) {
      const { rowCount } = await pool.query(`select from ${name} where tenant_id = $1`, [found[0]?.id]);
      expect([name, rowCount]).toEqual([name, 0]);
    }
  });

  test('can make a tenant of an erased slug, which knows nothing of the old one', async () => {
    const tenant = await app.tenant();
    await tenant.source('runflow');
    await app.operator('DELETE', `/v1/tenants/${tenant.id}`);
    const again = await app.tenant(tenant.slug);
    expect(again.id).not.toBe(tenant.id);
    const { data } = await again.ok<{ data: { slug: string }[] }>('GET', '/v1/sources');
    expect(data.map(({ slug }) => slug)).toEqual(['default']);
  });
});

describe('the operator API', () => {
  test('is off without a key in the settings: 404, whatever is presented', async () => {
    const closed = await TestApp.start({ database: app.database, settings: { operatorKey: undefined } });
    try {
      for (const method of ['GET', 'POST']) {
        const answer = await closed.operator(
          method,
          '/v1/tenants',
          method === 'POST' ? { slug: 'a' } : undefined,
        );
        expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
      }
    } finally {
      await closed.stop();
    }
  });

  test.each(['', 'operator-key-of-the-tests-0123456789abcde', 'OPERATOR-KEY-OF-THE-TESTS-0123456789ABCDEF'])(
    'refuses the key %j',
    async (key) => {
      const answer = await send(`${app.url}/v1/tenants`, { headers: { authorization: `Bearer ${key}` } });
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    },
  );
});
