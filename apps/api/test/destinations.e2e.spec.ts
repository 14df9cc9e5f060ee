import { eventually, hexHmac, Receiver, send, TestApp, type TestTenant } from '#testing';

interface Destination {
  readonly id: string;
  readonly signing_secret: string;
}

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const URL = 'http://127.0.0.1:3000/callbacks';
const make = (tenant: TestTenant, body: object = {}) =>
  tenant.ok<Destination>('POST', '/v1/destinations', { name: 'app', url: URL, ...body });

describe('a destination', () => {
  test('is made with defaults for all that is optional, and shows its signing secret this once', async () => {
    const tenant = await app.tenant();
    const { status, body } = await tenant.call('POST', '/v1/destinations', { name: 'app', url: URL });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String),
      name: 'app',
      url: URL,
      sources: null,
      types: null,
      signing: 'native',
      headers: null,
      timeout_seconds: 15,
      retry: { schedule_seconds: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] },
      rate_limit: null,
      max_in_flight: null,
      status: 'active',
      paused_reason: null,
      circuit: { state: 'closed', consecutive_failures: 0, opened_at: null, next_probe_at: null },
      failing_since: null,
      auto_pause_at: null,
      warning: null,
      created_at: expect.any(String),
      signing_secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    });
    const { signing_secret: signingSecret, ...shown } = body;
    expect(await tenant.ok('GET', `/v1/destinations/${body['id'] as string}`)).toEqual(shown);
    const list = await tenant.call<{ data: object[] }>('GET', '/v1/destinations');
    expect(list.body.data).toEqual([shown]);
    expect(list.bytes.toString()).not.toContain(signingSecret);
  });

  test('keeps every setting, and shows the names of its headers but not their values', async () => {
    const tenant = await app.tenant();
    await tenant.ok('POST', '/v1/sources', { slug: 'runflow', provider: 'runflow' });
    const settings = {
      types: ['run.*', 'batch.succeeded'],
      signing: 'standard-webhooks',
      timeout_seconds: 60,
      retry: { schedule_seconds: [1, 2] },
      rate_limit: { per_second: 10 },
      max_in_flight: 3,
    };
    const made = await make(tenant, {
      ...settings,
      sources: ['runflow', 'default'],
      headers: { Authorization: 'Bearer marked' },
    });
    const shown = await tenant.call('GET', `/v1/destinations/${made.id}`);
    expect(shown.body).toMatchObject({
      ...settings,
      sources: ['runflow', 'default'],
      headers: { Authorization: '[redacted]' },
    });
    expect(shown.bytes.toString()).not.toContain('marked');
  });

  test('is changed field by field, and back to the defaults with null', async () => {
    const tenant = await app.tenant();
    const { id } = await make(tenant, {
      types: ['a'],
      rate_limit: { per_second: 1 },
      headers: { 'X-A': '1' },
    });
    const change = (body: object) => tenant.ok('PATCH', `/v1/destinations/${id}`, body);
    expect(await change({ name: 'new', status: 'paused', url: `${URL}/2` })).toMatchObject({
      name: 'new',
      status: 'paused',
      url: `${URL}/2`,
      types: ['a'],
      headers: { 'X-A': '[redacted]' },
    });
    const nothing = {
      types: null,
      rate_limit: null,
      headers: null,
      retry: null,
      sources: null,
      max_in_flight: null,
    };
    expect(await change(nothing)).toMatchObject({
      ...nothing,
      retry: { schedule_seconds: expect.any(Array) },
    });
    expect(await change({})).toMatchObject({ name: 'new' });
  });

  test('is gone when it is deleted', async () => {
    const tenant = await app.tenant();
    const { id } = await make(tenant);
    expect((await tenant.call('DELETE', `/v1/destinations/${id}`)).status).toBe(204);
    for (const method of ['GET', 'DELETE'])
      expect((await tenant.call(method, `/v1/destinations/${id}`)).status).toBe(404);
    expect((await tenant.call('POST', `/v1/destinations/${id}/secret-rotations`)).status).toBe(404);
    expect(await tenant.ok('GET', '/v1/destinations')).toMatchObject({ data: [] });
  });

  test('gets a new signing secret that no later answer gives', async () => {
    const tenant = await app.tenant();
    const made = await make(tenant);
    const rotated = await tenant.call<Destination>('POST', `/v1/destinations/${made.id}/secret-rotations`, {
      overlap_seconds: 60,
    });
    expect(rotated.status).toBe(201);
    expect(rotated.body.signing_secret).toMatch(/^whsec_/);
    expect(rotated.body.signing_secret).not.toBe(made.signing_secret);
    expect(await tenant.ok('GET', `/v1/destinations/${made.id}`)).not.toHaveProperty('signing_secret');
  });

  test.each([
    [{ url: URL }, 'name'],
    [{ name: 'a' }, 'url'],
    [{ name: 'a', url: 'not a url' }, 'url'],
    [{ name: 'a', url: 'ftp://example.com/' }, 'url'],
    [{ name: 'a', url: '/callbacks' }, 'url'],
    [{ name: 'a', url: 'http://user:pass@127.0.0.1/' }, 'url'],
    [{ name: 'a', url: URL, timeout_seconds: 0 }, 'timeout_seconds'],
    [{ name: 'a', url: URL, timeout_seconds: 61 }, 'timeout_seconds'],
    [{ name: 'a', url: URL, signing: 'rot13' }, 'signing'],
    [{ name: 'a', url: URL, sources: [] }, 'sources'],
    [{ name: 'a', url: URL, types: [] }, 'types'],
    [{ name: 'a', url: URL, retry: { schedule_seconds: [-1] } }, 'retry.schedule_seconds.0'],
    [{ name: 'a', url: URL, rate_limit: { per_second: 0 } }, 'rate_limit.per_second'],
    [{ name: 'a', url: URL, headers: { Host: 'x' } }, 'headers.Host'],
    [{ name: 'a', url: URL, headers: { 'callbox-event-id': 'x' } }, 'headers.callbox-event-id'],
    [{ name: 'a', url: URL, headers: { 'X-A': 'a\r\nb' } }, 'headers.X-A'],
    [{ name: 'a', url: URL, status: 'active' }, 'status'],
    [{ name: 'a', url: URL, signing_secret: 'mine' }, 'signing_secret'],
  ])('is not made of %j', async (body, path) => {
    const tenant = await app.tenant();
    expect(await tenant.call('POST', '/v1/destinations', body)).toMatchObject({
      status: 400,
      body: { code: 'malformed_request', errors: [{ path }] },
    });
  });

  test('takes what is shown in place of a value of a header for no value', async () => {
    const tenant = await app.tenant();
    const { id } = await make(tenant, { headers: { Authorization: 'Bearer kept' } });
    const { headers } = await tenant.ok<{ headers: object }>('GET', `/v1/destinations/${id}`);
    expect(await tenant.call('PATCH', `/v1/destinations/${id}`, { headers })).toMatchObject({
      status: 400,
      body: {
        errors: [{ path: 'headers.Authorization', message: expect.stringContaining('the value itself') }],
      },
    });
  });

  test('is told which header names are not its own to set', async () => {
    const tenant = await app.tenant();
    const body = { name: 'a', url: URL, headers: { Host: 'x', 'Content-Length': '1' } };
    const message = 'must be a header name that is yours to set';
    expect((await tenant.call('POST', '/v1/destinations', body)).body).toMatchObject({
      errors: [
        { path: 'headers.Host', message },
        { path: 'headers.Content-Length', message },
      ],
    });
  });

  test('cannot be for a source that is not there', async () => {
    const tenant = await app.tenant();
    const answer = await tenant.call('POST', '/v1/destinations', {
      name: 'a',
      url: URL,
      sources: ['nobody'],
    });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'source_not_found', errors: [{ path: 'sources' }] },
    });
  });
});

describe('a URL in private space', () => {
  test.each([
    'http://10.0.0.1/',
    'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:10.0.0.1]/',
    'http://0x0a000001/',
    'http://0.0.0.0/',
  ])('%s is refused when it is made and when it is changed', async (url) => {
    const tenant = await app.tenant();
    const refusal = { status: 422, body: { code: 'destination_not_allowed' } };
    expect(await tenant.call('POST', '/v1/destinations', { name: 'a', url })).toMatchObject(refusal);
    const { id } = await make(tenant);
    expect(await tenant.call('PATCH', `/v1/destinations/${id}`, { url })).toMatchObject(refusal);
    expect(await tenant.ok('GET', `/v1/destinations/${id}`)).toMatchObject({ url: URL });
  });

  test('of this machine is refused where the operator has not allowed it', async () => {
    const strict = await TestApp.start({ settings: { allowedDestinations: [] } });
    try {
      const tenant = await strict.tenant();
      for (const url of [URL, 'http://localhost:3000/', 'http://[::1]:3000/'])
        expect(await tenant.call('POST', '/v1/destinations', { name: 'a', url })).toMatchObject({
          status: 422,
          body: { code: 'destination_not_allowed' },
        });
    } finally {
      await strict.stop();
    }
  });
});

describe('a redelivery', () => {
  let tenant: TestTenant;
  let eventId: string;
  beforeEach(async () => {
    tenant = await app.tenant();
    const source = await tenant.source('runflow');
    const body = '{"event":"run.completed","run_id":"run_42"}';
    const headers = { 'runflow-signature': hexHmac(source.secret, body) };
    eventId = (await send<{ id: string }>(source.url, { method: 'POST', headers, body })).body.id;
  });

  test('without a destination is refused, by event and by run', async () => {
    for (const path of [`/v1/events/${eventId}/redeliveries`, '/v1/runs/run_42/callback-redeliveries'])
      expect(await tenant.call('POST', path)).toMatchObject({
        status: 422,
        body: { code: 'no_destination' },
      });
    await make(tenant, { types: ['other.*'] });
    expect(await tenant.call('POST', `/v1/events/${eventId}/redeliveries`)).toMatchObject({ status: 422 });
  });

  test('to a destination that is not there is refused', async () => {
    const { id } = await make(tenant);
    await tenant.ok('DELETE', `/v1/destinations/${id}`);
    expect(
      await tenant.call('POST', `/v1/events/${eventId}/redeliveries`, { destination: id }),
    ).toMatchObject({
      status: 422,
      body: { code: 'destination_not_found' },
    });
  });

  test.each(['nobody', 'a%2Fb', '%00', 'x'.repeat(300), '..%2f', '%F0%9F%98%80'])(
    'of the unknown run %s is 404',
    async (run) => {
      expect(await tenant.call('POST', `/v1/runs/${run}/callback-redeliveries`)).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
    },
  );

  test('of one event or of a run answers 202 with its deliveries, also without a body', async () => {
    const receiver = await Receiver.start();
    try {
      const { id } = await make(tenant, { url: receiver.url });
      for (const path of [`/v1/events/${eventId}/redeliveries`, '/v1/runs/run_42/callback-redeliveries'])
        for (const body of [undefined, {}, { destination: id }]) {
          const answer = await tenant.call('POST', path, body);
          expect(answer).toMatchObject({
            status: 202,
            body: {
              id: expect.any(String),
              status: expect.any(String),
              total: 1,
              pending: expect.any(Number),
              succeeded: expect.any(Number),
              failed: 0,
              deliveries: [
                { id: expect.any(String), event_id: eventId, destination_id: id, status: expect.any(String) },
              ],
            },
          });
        }
      await eventually(() => expect(receiver.requests).toHaveLength(6));
    } finally {
      await receiver.stop();
    }
  });
});
