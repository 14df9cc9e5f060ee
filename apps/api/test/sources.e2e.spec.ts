import { eventually, hexHmac, send, TestApp } from '#testing';

interface Source {
  readonly id: string;
  readonly slug: string;
  readonly ingest_url: string;
  readonly last_event_at: string | null;
}

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const BODY = '{"event":"run.completed","run_id":"run_42"}';
const post = (url: string, secret: string, body = BODY) =>
  send<{ id: string }>(url, {
    method: 'POST',
    headers: { 'runflow-signature': hexHmac(secret, body) },
    body,
  });

describe('a source', () => {
  test('is made with defaults for all that is optional', async () => {
    const tenant = await app.tenant();
    const { status, body } = await tenant.call('POST', '/v1/sources', {
      slug: 'runflow',
      provider: 'runflow',
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String),
      slug: 'runflow',
      name: 'runflow',
      provider: 'runflow',
      config: {},
      status: 'active',
      ingest_url: `${app.url}/in/${tenant.slug}/runflow`,
      created_at: expect.any(String),
      last_event_at: null,
    });
  });

  test('keeps its settings as they were given', async () => {
    const tenant = await app.tenant();
    const config = {
      tolerance_seconds: 60,
      dedupe: { window_seconds: 0, key: 'json:/data~1x/id' },
      response: { status: 202, content_type: 'text/plain', body: 'ok' },
      retention_days: 7,
    };
    const made = await tenant.ok<Source>('POST', '/v1/sources', { slug: 'a', provider: 'callbox', config });
    expect(made).toMatchObject({ config });
    expect(await tenant.ok('GET', `/v1/sources/${made.id}`)).toMatchObject({ config });
  });

  test.each(['a', '0', 'a-b', 'a--b', 'a'.repeat(63)])('may have the slug %s', async (slug) => {
    const tenant = await app.tenant();
    expect((await tenant.call('POST', '/v1/sources', { slug, provider: 'callbox' })).status).toBe(201);
  });

  test.each(['', '-', '-a', 'a-', 'A', 'a b', 'a.b', 'a/b', 'ä', 'a\n', 'a\u0000', 'a'.repeat(64), 5, null])(
    'may not have the slug %j',
    async (slug) => {
      const tenant = await app.tenant();
      expect(await tenant.call('POST', '/v1/sources', { slug, provider: 'callbox' })).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'slug' }] },
      });
    },
  );

  test.each([
    [{ tolerance_seconds: -1 }, 'config.tolerance_seconds'],
    [{ tolerance_seconds: 1.5 }, 'config.tolerance_seconds'],
    [{ dedupe: { window_seconds: 2_592_001 } }, 'config.dedupe.window_seconds'],
    [{ dedupe: { key: 'body:/id' } }, 'config.dedupe.key'],
    [{ dedupe: { key: 'json:id' } }, 'config.dedupe.key'],
    [{ dedupe: { key: 'header:a b' } }, 'config.dedupe.key'],
    [{ response: { status: 302 } }, 'config.response.status'],
    [{ response: { content_type: 'text/plain\r\nx: y' } }, 'config.response.content_type'],
    [{ retention_days: 0 }, 'config.retention_days'],
    [{ unknown: 1 }, 'config.unknown'],
    [{ dedupe: { unknown: 1 } }, 'config.dedupe.unknown'],
  ])('may not have the config %j', async (config, path) => {
    const tenant = await app.tenant();
    expect(
      await tenant.call('POST', '/v1/sources', { slug: 'a', provider: 'callbox', config }),
    ).toMatchObject({
      status: 400,
      body: { code: 'malformed_request', errors: [{ path }] },
    });
  });

  test('needs a provider that there is', async () => {
    const tenant = await app.tenant();
    expect(await tenant.call('POST', '/v1/sources', { slug: 'a', provider: 'nobody' })).toMatchObject({
      status: 422,
      body: { code: 'provider_unknown', errors: [{ path: 'provider' }] },
    });
  });

  test('takes its slug once per tenant, even when two are made at once', async () => {
    const [tenant, other] = [await app.tenant(), await app.tenant()];
    const make = () => tenant.call('POST', '/v1/sources', { slug: 'same', provider: 'callbox' });
    const statuses = (await Promise.all([make(), make(), make()])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 409, 409]);
    expect((await make()).body).toMatchObject({ code: 'slug_taken' });
    expect((await other.call('POST', '/v1/sources', { slug: 'same', provider: 'callbox' })).status).toBe(201);
  });

  test('is found, changed and deleted by its id or its slug', async () => {
    const tenant = await app.tenant();
    const { id } = await tenant.ok<Source>('POST', '/v1/sources', { slug: 'one', provider: 'callbox' });
    expect(await tenant.ok('GET', '/v1/sources/one')).toEqual(await tenant.ok('GET', `/v1/sources/${id}`));
    const changed = await tenant.ok('PATCH', '/v1/sources/one', {
      name: 'Renamed',
      config: { retention_days: 3 },
      status: 'paused',
    });
    expect(changed).toMatchObject({ id, name: 'Renamed', config: { retention_days: 3 }, status: 'paused' });
    expect(await tenant.ok('PATCH', `/v1/sources/${id}`, {})).toEqual(changed);
    expect((await tenant.call('DELETE', '/v1/sources/one')).status).toBe(204);
    for (const key of ['one', id])
      for (const method of ['GET', 'DELETE'])
        expect((await tenant.call(method, `/v1/sources/${key}`)).status).toBe(404);
  });

  test.each([{ slug: 'b' }, { provider: 'qstash' }, { status: 'deleted' }, { id: 'x' }, { name: '' }])(
    'refuses the change %j',
    async (change) => {
      const tenant = await app.tenant();
      expect(await tenant.call('PATCH', '/v1/sources/default', change)).toMatchObject({
        status: 400,
        body: { errors: [{ path: Object.keys(change)[0] }] },
      });
    },
  );

  test('lists newest first, page by page, without gap or repetition', async () => {
    const tenant = await app.tenant();
    for (const slug of ['a', 'b', 'c', 'd'])
      await tenant.ok('POST', '/v1/sources', { slug, provider: 'callbox' });
    const slugs: string[] = [];
    let cursor = '';
    do {
      const page = await tenant.ok<{ data: Source[]; next_cursor: string | null }>(
        'GET',
        `/v1/sources?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      expect(page.data.length).toBeLessThanOrEqual(2);
      slugs.push(...page.data.map(({ slug }) => slug));
      cursor = page.next_cursor ?? '';
    } while (cursor !== '');
    expect(slugs).toEqual(['d', 'c', 'b', 'a', 'default']);
  });

  test('tells when its newest event came', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const { id } = (await post(source.url, source.secret)).body;
    const event = await tenant.ok('GET', `/v1/events/${id}`);
    expect(await tenant.ok('GET', '/v1/sources/runflow')).toMatchObject({
      last_event_at: event['received_at'],
    });
  });
});

describe('a deleted source', () => {
  test('answers 404 within a second on every process; its events stay, and its slug is free again', async () => {
    const second = await TestApp.start({ database: app.database });
    try {
      const tenant = await app.tenant();
      const source = await tenant.source('runflow');
      const elsewhere = source.url.replace(app.url, second.url);
      const { id } = (await post(source.url, source.secret)).body;
      expect((await post(elsewhere, source.secret)).status).toBe(200);

      await tenant.ok('DELETE', '/v1/sources/runflow');
      await eventually(async () => {
        expect((await post(source.url, source.secret)).status).toBe(404);
        expect((await post(elsewhere, source.secret)).status).toBe(404);
      }, 1_000);
      expect(await tenant.ok('GET', `/v1/events/${id}`)).toMatchObject({ source: 'runflow', body: BODY });

      const again = await tenant.source('runflow');
      expect(again.id).not.toBe(source.id);
      await eventually(async () => {
        expect((await post(again.url, again.secret, '{"other":1}')).status).toBe(200);
      }, 1_000);
      expect((await post(again.url, source.secret, '{"other":2}')).status).toBe(401);
    } finally {
      await second.stop();
    }
  });
});

describe('a paused source', () => {
  test('accepts and stores all the same', async () => {
    const tenant = await app.tenant();
    const source = await tenant.source('runflow');
    await tenant.ok('PATCH', '/v1/sources/runflow', { status: 'paused' });
    const { status, body } = await post(source.url, source.secret);
    expect(status).toBe(200);
    expect(await tenant.ok('GET', `/v1/events/${body.id}`)).toMatchObject({ body: BODY });
  });
});
