import { eventually, hexHmac, send, TestApp, type TestTenant } from '#testing';

interface Secret {
  readonly id: string;
  readonly label: string;
  readonly plain_secret: string;
  readonly status: string;
  readonly is_current: boolean;
  readonly hint: string;
  readonly expires_at: string | null;
  readonly last_verified_at: string | null;
  readonly verified_count: number;
  readonly replaces: string | null;
}

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

let count = 0;
/** Sends a callback that was never sent before. */
async function call(url: string, secret: string): Promise<number> {
  const body = `{"event":"run.completed","run_id":"run_${(count += 1)}"}`;
  const headers = { 'callbox-signature': hexHmac(secret, body), 'content-type': 'application/json' };
  return (await send(url, { method: 'POST', headers, body })).status;
}
const make = (tenant: TestTenant, body: object = { label: 'first' }) =>
  tenant.ok<Secret>('POST', '/v1/callback-secrets', body);
const get = (tenant: TestTenant, { id }: { readonly id: string }) =>
  tenant.ok<Secret>('GET', `/v1/callback-secrets/${id}`);
const urlOf = (tenant: TestTenant) => `${app.url}/in/${tenant.slug}/default`;

describe('a callback secret', () => {
  test('is made with its plain text, which no later answer gives', async () => {
    const tenant = await app.tenant();
    const { status, body } = await tenant.call<Secret>('POST', '/v1/callback-secrets', { label: 'first' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String),
      label: 'first',
      source: 'default',
      use: 'signature',
      status: 'active',
      is_current: true,
      hint: body.plain_secret.slice(-4),
      created_at: expect.any(String),
      expires_at: null,
      last_verified_at: null,
      verified_count: 0,
      replaces: null,
      plain_secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    });
    const { plain_secret: plainSecret, ...shown } = body;
    expect(await get(tenant, body)).toEqual(shown);
    const list = await tenant.call<{ data: object[] }>('GET', '/v1/callback-secrets');
    expect(list.body.data).toEqual([shown]);
    const patched = await tenant.call('PATCH', `/v1/callback-secrets/${body.id}`, { label: 'renamed' });
    expect(patched.body).toEqual({ ...shown, label: 'renamed' });
    for (const answer of [list, patched]) expect(answer.bytes.toString()).not.toContain(plainSecret);
  });

  test('is imported as it stands, of whatever characters', async () => {
    const tenant = await app.tenant();
    const plain_secret = 'whsec_Ünïcode “quotes” and spaces, not base64 at all';
    const secret = await make(tenant, { label: 'imported', plain_secret });
    expect(secret).toMatchObject({ plain_secret, hint: ' all' });
    expect(await call(urlOf(tenant), plain_secret)).toBe(200);
  });

  test('is encrypted at rest: its text is in no column, nor is it there after deletion', async () => {
    const tenant = await app.tenant();
    const secret = await make(tenant);
    const row = async () =>
      (
        await app.database.pool.query<{ ciphertext: Buffer | null; row: string }>(
          'select ciphertext, s::text as row from callback_secrets s where hint = $1 and label = $2',
          [secret.hint, 'first'],
        )
      ).rows;
    const before = await row();
    expect(before.some(({ ciphertext }) => ciphertext !== null)).toBe(true);
    for (const { row: text, ciphertext } of before) {
      expect(text).not.toContain(secret.plain_secret);
      expect(ciphertext?.includes(secret.plain_secret.slice(6)) ?? false).toBe(false);
    }
    await tenant.ok('DELETE', `/v1/callback-secrets/${secret.id}`);
    expect((await row()).map(({ ciphertext }) => ciphertext)).toEqual([null]);
  });

  test('belongs to a source by id or slug, and is listed by either', async () => {
    const tenant = await app.tenant();
    const source = await tenant.ok<{ id: string }>('POST', '/v1/sources', {
      slug: 'runflow',
      provider: 'runflow',
    });
    const [bySlug, byId] = [
      await make(tenant, { label: 'a', source: 'runflow' }),
      await make(tenant, { label: 'b', source: source.id }),
    ];
    await make(tenant, { label: 'elsewhere' });
    for (const key of ['runflow', source.id]) {
      const { data } = await tenant.ok<{ data: Secret[] }>('GET', `/v1/callback-secrets?source=${key}`);
      expect(data.map(({ id }) => id)).toEqual([byId.id, bySlug.id]);
      expect(data).toEqual([
        expect.objectContaining({ source: 'runflow' }),
        expect.objectContaining({ source: 'runflow' }),
      ]);
    }
    expect(await tenant.ok('GET', '/v1/callback-secrets?source=nobody')).toEqual({
      data: [],
      next_cursor: null,
    });
  });

  test('of a source that is not there is refused', async () => {
    const tenant = await app.tenant();
    expect(await tenant.call('POST', '/v1/callback-secrets', { label: 'a', source: 'nobody' })).toMatchObject(
      {
        status: 422,
        body: { code: 'source_not_found', errors: [{ path: 'source' }] },
      },
    );
  });

  test('that the provider makes has to be imported', async () => {
    const tenant = await app.tenant();
    await tenant.ok('POST', '/v1/sources', { slug: 'qstash', provider: 'qstash' });
    expect(await tenant.call('POST', '/v1/callback-secrets', { label: 'a', source: 'qstash' })).toMatchObject(
      {
        status: 422,
        body: { code: 'secret_invalid' },
      },
    );
    expect(
      await make(tenant, { label: 'a', source: 'qstash', plain_secret: 'sig_abcdefghijklmnop' }),
    ).toMatchObject({
      hint: 'mnop',
    });
  });

  test.each([
    [{}, 'label'],
    [{ label: '' }, 'label'],
    [{ label: 'x'.repeat(256) }, 'label'],
    [{ label: 'a\u0000b' }, 'label'],
    [{ label: 'a', plain_secret: '' }, 'plain_secret'],
    [{ label: 'a', plain_secret: 5 }, 'plain_secret'],
    [{ label: 'a', expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    [{ label: 'a', is_current: true }, 'is_current'],
    [{ label: 'a', hint: 'abcd' }, 'hint'],
  ])('is not made of %j', async (body, path) => {
    const tenant = await app.tenant();
    expect(await tenant.call('POST', '/v1/callback-secrets', body)).toMatchObject({
      status: 400,
      body: { code: 'malformed_request', errors: [{ path }] },
    });
  });

  test('that is refused is not repeated in the answer', async () => {
    const tenant = await app.tenant();
    const answer = await tenant.call('POST', '/v1/callback-secrets', {
      label: 5,
      plain_secret: 'marked-secret',
    });
    expect(answer.status).toBe(400);
    expect(answer.bytes.toString()).not.toContain('marked-secret');
  });
});

describe('several secrets of a source', () => {
  test('all verify while they are active; counts and times say which one did', async () => {
    const tenant = await app.tenant();
    const [first, second] = [await make(tenant), await make(tenant, { label: 'second' })];
    await eventually(async () => expect(await call(urlOf(tenant), second.plain_secret)).toBe(200), 1_000);
    expect(await call(urlOf(tenant), first.plain_secret)).toBe(200);
    expect(await call(urlOf(tenant), first.plain_secret)).toBe(200);
    expect(await call(urlOf(tenant), 'whsec_unknown')).toBe(401);
    expect(await get(tenant, second)).toMatchObject({
      verified_count: 1,
      last_verified_at: expect.any(String),
    });
    expect(await get(tenant, first)).toMatchObject({
      verified_count: 2,
      last_verified_at: expect.any(String),
    });
  });

  test('stop verifying within a second when deleted, and exactly when they expire, on every process', async () => {
    const second = await TestApp.start({ database: app.database });
    try {
      const tenant = await app.tenant();
      const url = urlOf(tenant);
      const elsewhere = url.replace(app.url, second.url);
      const [kept, deleted] = [await make(tenant), await make(tenant, { label: 'deleted' })];
      const expires_at = new Date(Date.now() + 1_500).toISOString();
      const expiring = await make(tenant, { label: 'expiring', expires_at });
      await eventually(async () => {
        for (const at of [url, elsewhere])
          for (const secret of [kept, deleted, expiring])
            expect(await call(at, secret.plain_secret)).toBe(200);
      }, 1_000);
      await tenant.ok('DELETE', `/v1/callback-secrets/${deleted.id}?force=true`);
      await eventually(async () => {
        for (const at of [url, elsewhere]) expect(await call(at, deleted.plain_secret)).toBe(401);
      }, 1_000);
      await eventually(async () => expect(await call(url, expiring.plain_secret)).toBe(401), 3_000);
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expires_at));
      expect(await call(elsewhere, expiring.plain_secret)).toBe(401);
      expect(await get(tenant, expiring)).toMatchObject({ status: 'expired', is_current: false });
      for (const at of [url, elsewhere]) expect(await call(at, kept.plain_secret)).toBe(200);
      expect((await tenant.call('GET', `/v1/callback-secrets/${deleted.id}`)).status).toBe(404);
    } finally {
      await second.stop();
    }
  });
});

describe('deleting a secret', () => {
  const remove = (tenant: TestTenant, { id }: Secret, query = '') =>
    tenant.call('DELETE', `/v1/callback-secrets/${id}${query}`);

  test('that never verified anything needs no force', async () => {
    const tenant = await app.tenant();
    expect((await remove(tenant, await make(tenant))).status).toBe(204);
  });

  test('that verified the newest callback is refused until another one has verified since', async () => {
    const tenant = await app.tenant();
    const first = await make(tenant);
    expect(await call(urlOf(tenant), first.plain_secret)).toBe(200);
    const second = await make(tenant, { label: 'second' });
    const refusal = await remove(tenant, first);
    expect(refusal).toMatchObject({ status: 409, body: { code: 'secret_in_use' } });
    expect(refusal.body['last_verified_at']).toBe((await get(tenant, first)).last_verified_at);
    expect(await get(tenant, first)).toMatchObject({ status: 'active' });

    await eventually(async () => expect(await call(urlOf(tenant), second.plain_secret)).toBe(200), 1_000);
    expect((await remove(tenant, first)).status).toBe(204);
    expect((await remove(tenant, first)).status).toBe(404);
    expect(await remove(tenant, second)).toMatchObject({ status: 409, body: { code: 'secret_in_use' } });
  });

  test('by force is always possible', async () => {
    const tenant = await app.tenant();
    const secret = await make(tenant);
    expect(await call(urlOf(tenant), secret.plain_secret)).toBe(200);
    expect((await remove(tenant, secret, '?force=false')).status).toBe(409);
    expect((await remove(tenant, secret, '?force=maybe')).status).toBe(400);
    expect((await remove(tenant, secret, '?force=true')).status).toBe(204);
  });

  test('is not refused for a callback that a deleted secret has verified since', async () => {
    const tenant = await app.tenant();
    const [first, second] = [await make(tenant), await make(tenant, { label: 'second' })];
    await eventually(async () => expect(await call(urlOf(tenant), first.plain_secret)).toBe(200), 1_000);
    await eventually(async () => expect(await call(urlOf(tenant), second.plain_secret)).toBe(200), 1_000);
    await remove(tenant, second, '?force=true');
    expect((await remove(tenant, first)).status).toBe(204);
  });
});

describe('rotating a secret', () => {
  const rotate = (tenant: TestTenant, { id }: { id: string }, body?: object) =>
    tenant.ok<Secret>('POST', `/v1/callback-secrets/${id}/rotations`, body);

  test('makes its successor; both verify for a day when nothing else is said', async () => {
    const tenant = await app.tenant();
    const old = await make(tenant);
    const successor = await rotate(tenant, old);
    expect(successor).toMatchObject({
      label: 'first',
      source: 'default',
      replaces: old.id,
      status: 'active',
      expires_at: null,
      is_current: false,
      plain_secret: expect.stringMatching(/^whsec_/),
    });
    const ends = Date.parse((await get(tenant, old)).expires_at ?? '') - Date.now();
    expect(ends).toBeGreaterThan(86_390_000);
    expect(ends).toBeLessThanOrEqual(86_400_000);
    await eventually(async () => {
      for (const secret of [old, successor]) expect(await call(urlOf(tenant), secret.plain_secret)).toBe(200);
    }, 1_000);
  });

  test('without overlap ends the old one at once, and the successor is current', async () => {
    const tenant = await app.tenant();
    const old = await make(tenant);
    const successor = await rotate(tenant, old, {
      overlap_seconds: 0,
      label: 'new',
      plain_secret: 'whsec_imported-by-hand',
    });
    expect(successor).toMatchObject({
      label: 'new',
      plain_secret: 'whsec_imported-by-hand',
      is_current: true,
    });
    expect(await get(tenant, old)).toMatchObject({ status: 'expired', is_current: false });
    await eventually(async () => expect(await call(urlOf(tenant), old.plain_secret)).toBe(401), 1_000);
    expect(await call(urlOf(tenant), 'whsec_imported-by-hand')).toBe(200);
  });

  test('does not lengthen the life of one that ends sooner', async () => {
    const tenant = await app.tenant();
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    const old = await make(tenant, { label: 'first', expires_at });
    await rotate(tenant, old);
    expect((await get(tenant, old)).expires_at).toBe(expires_at);
  });

  test.each([{ overlap_seconds: -1 }, { overlap_seconds: 2_592_001 }, { overlap_seconds: 1.5 }])(
    'is refused with %j',
    async (body) => {
      const tenant = await app.tenant();
      const { id } = await make(tenant);
      expect(await tenant.call('POST', `/v1/callback-secrets/${id}/rotations`, body)).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'overlap_seconds' }] },
      });
    },
  );
});
