import { send, TestApp } from '#testing';

interface TestEvent {
  readonly status_code: number;
  readonly event_id: string;
  readonly request: { readonly url: string; readonly headers: [string, string][]; readonly body: string };
}

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const SECRETS: Readonly<Record<string, string>> = {
  qstash: 'sig_abcdefghijklmnopqrstuvwxyz',
  'upstash-workflow': 'sig_abcdefghijklmnopqrstuvwxyz',
  contentful: 'an example of a secret of some length',
};

describe.each([
  ['callbox', null],
  ['runflow', 'run.completed'],
  ['runflow', 'run.failed'],
  ['runflow', 'batch.succeeded'],
  ['qstash', null],
  ['upstash-workflow', 'workflow.first_invocation'],
  ['upstash-workflow', 'workflow.failure'],
  ['contentful', 'ContentManagement.Entry.publish'],
])('a test event of %s (%s)', (provider, type) => {
  test('comes through the inbox verified, twice as two events, and can be sent again by hand', async () => {
    const tenant = await app.tenant();
    const plainSecret = SECRETS[provider];
    const source = await tenant.source(provider, {
      slug: 'tried',
      ...(plainSecret === undefined ? {} : { plainSecret }),
    });
    const order = () =>
      tenant.call<TestEvent>('POST', '/v1/sources/tried/test-events', type === null ? undefined : { type });
    const [first, second] = [await order(), await order()];
    expect([first.status, first.body.status_code, second.body.status_code]).toEqual([202, 200, 200]);
    expect(second.body.event_id).not.toBe(first.body.event_id);
    const event = await tenant.ok(`GET`, `/v1/events/${first.body.event_id}`);
    expect(event).toMatchObject({
      source: 'tried',
      provider,
      type,
      body: first.body.request.body,
      verification: { secret_id: source.secretId },
      path: new URL(source.url).pathname,
    });

    const { url, headers, body } = first.body.request;
    expect(url).toBe(source.url);
    const again = await send(url, { method: 'POST', headers: Object.fromEntries(headers), body });
    expect(again.status).toBe(200);
    const forged = await send(url, {
      method: 'POST',
      headers: Object.fromEntries(headers),
      body: `${body} `,
    });
    expect(forged.status).toBe(401);
  });
});

describe('a test event', () => {
  test('carries a body of one’s own, byte for byte', async () => {
    const tenant = await app.tenant();
    await tenant.source('runflow');
    const body = '{ "event":"run.completed",\n "run_id":"mine", "n":1.0, "s":"\\u00e9é" }';
    const { event_id: id } = await tenant.ok<TestEvent>('POST', '/v1/sources/runflow/test-events', { body });
    expect(await tenant.ok('GET', `/v1/events/${id}`)).toMatchObject({ body, run_id: 'mine' });
  });

  test('is signed for PUBLIC_URL, even where that cannot be reached', async () => {
    const elsewhere = await TestApp.start({ settings: { publicUrl: 'https://callbox.invalid' } });
    try {
      const tenant = await elsewhere.tenant();
      await tenant.source('qstash', { plainSecret: SECRETS['qstash'] ?? '' });
      const answer = await tenant.call<TestEvent>('POST', '/v1/sources/qstash/test-events');
      expect(answer).toMatchObject({ status: 202, body: { status_code: 200 } });
      expect(answer.body.request.url).toBe(`https://callbox.invalid/in/${tenant.slug}/qstash`);
    } finally {
      await elsewhere.stop();
    }
  });

  test('needs an active secret and a type that there is', async () => {
    const tenant = await app.tenant();
    expect(await tenant.call('POST', '/v1/sources/default/test-events')).toMatchObject({
      status: 422,
      body: { code: 'cannot_sign' },
    });
    await tenant.source('runflow');
    const answer = await tenant.call('POST', '/v1/sources/runflow/test-events', { type: 'nope' });
    expect(answer).toMatchObject({ status: 422, body: { code: 'no_sample' } });
    expect(answer.body['detail']).toContain('run.completed');
    expect((await tenant.call('POST', '/v1/sources/nobody/test-events')).status).toBe(404);
  });

  test('says why it cannot be signed', async () => {
    const tenant = await app.tenant();
    const ways = [
      ['bearer', 'a token of some length', /only compared/],
      ['mailgun', 'a signing key of some length', /only the provider can put it/],
      ['aws-sns', 'arn:aws:sns:us-east-1:123456789012:topic', /key that only the provider has/],
    ] as const;
    for (const [provider, plainSecret, why] of ways) {
      await tenant.source(provider, { plainSecret });
      const answer = await tenant.call('POST', `/v1/sources/${provider}/test-events`);
      expect(answer).toMatchObject({ status: 422, body: { code: 'cannot_sign' } });
      expect(answer.body['detail']).toMatch(why);
    }
  });

  test('needs no signature where none is checked', async () => {
    const tenant = await app.tenant();
    await tenant.call('POST', '/v1/sources', {
      slug: 'open',
      provider: 'unverified',
      config: { accept_unverified: true },
    });
    const { status_code: status, event_id: id } = await tenant.ok<TestEvent>(
      'POST',
      '/v1/sources/open/test-events',
    );
    expect(status).toBe(200);
    expect(await tenant.ok('GET', `/v1/events/${id}`)).toMatchObject({
      verification: { scheme: 'unverified', secret_id: null },
    });
  });

  test('of a source with an answer of its own has the status of that, and no id', async () => {
    const tenant = await app.tenant();
    await tenant.source('runflow', { config: { response: { status: 202, body: 'thanks' } } });
    expect(await tenant.ok('POST', '/v1/sources/runflow/test-events')).toMatchObject({
      status_code: 202,
      event_id: null,
    });
  });
});
