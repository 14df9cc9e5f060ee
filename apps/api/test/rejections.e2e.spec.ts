import { eventually, hexHmac, Receiver, send, TestApp, type TestTenant } from '#testing';
import { newestRejection, type RejectionAnswer } from './rejections.fixture.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ settings: { trustedProxies: ['127.0.0.1/32'], maxBodyBytes: 600_000 } });
});
afterAll(() => app.stop());

const BODY = '{"event":"run.completed","run_id":"run_1","status":"succeeded"}';
const post = (url: string, headers: Record<string, string> = {}, body: string | Buffer = BODY) =>
  send<{ id: string }>(url, { method: 'POST', headers, body });
const list = async (tenant: TestTenant, query = '') =>
  (await tenant.ok<{ data: RejectionAnswer[] }>('GET', `/v1/rejections${query}`)).data;

describe('a refused callback', () => {
  test('is kept with why it was refused, and its sender is told no more than ever', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('runflow');
    const answer = await post(`${url}/further?a=1`, {
      'runflow-signature': 'a'.repeat(64),
      'content-type': 'application/json',
      'x-forwarded-for': '203.0.113.9',
    });
    expect(answer).toMatchObject({ status: 401, body: { code: 'signature_invalid' } });
    expect(answer.bytes.toString()).not.toMatch(/mismatch|diagnosis|unknown/);
    const rejection = await newestRejection(tenant);
    expect(rejection).toMatchObject({
      source: 'runflow',
      reason: 'signature_mismatch',
      diagnosis: { code: 'unknown' },
      method: 'POST',
      path: `/in/${tenant.slug}/runflow/further`,
      query: 'a=1',
      body_excerpt: BODY,
      body_excerpt_base64: null,
      size: BODY.length,
      reverifiable: true,
      remote_ip: '203.0.113.9',
    });
    expect(rejection.headers).toContainEqual(['runflow-signature', 'a'.repeat(64)]);
    expect(Date.parse(rejection.received_at)).toBeGreaterThan(Date.now() - 60_000);
    expect(await tenant.ok('GET', `/v1/rejections/${rejection.id}`)).toEqual(rejection);
  });

  test('is found by its source and its reason, a page at a time', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('runflow', { slug: 'one' });
    const other = await tenant.source('callbox', { slug: 'two' });
    await post(url, { 'runflow-signature': 'a'.repeat(64) });
    await post(url);
    await post(other.url);
    await newestRejection(tenant, 3);
    expect((await list(tenant, '?source=one')).map(({ reason }) => reason)).toEqual([
      'signature_missing',
      'signature_mismatch',
    ]);
    expect(await list(tenant, `?source=${other.id}`)).toHaveLength(1);
    expect(await list(tenant, '?source=nobody')).toEqual([]);
    expect((await list(tenant, '?reason=signature_missing')).map(({ source }) => source)).toEqual([
      'two',
      'one',
    ]);
    const first = await tenant.ok<{ data: RejectionAnswer[]; next_cursor: string }>(
      'GET',
      '/v1/rejections?limit=2',
    );
    const rest = await list(tenant, `?limit=2&cursor=${first.next_cursor}`);
    expect([...first.data, ...rest].map(({ source }) => source)).toEqual(['two', 'one', 'one']);
    expect(await tenant.call('GET', '/v1/rejections?reason=nonsense')).toMatchObject({ status: 400 });
  });

  test('shows no credentials, and a key of the role viewer no bodies', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('gitlab-token', { plainSecret: 'the-token-of-gitlab' });
    const marked = 'Marked-Rj7-credential';
    await post(`${url}?api_key=${marked}&b=2`, {
      'x-gitlab-token': marked,
      authorization: `Bearer ${marked}`,
      cookie: marked,
      'x-my-secret': marked,
    });
    const rejection = await newestRejection(tenant);
    expect(JSON.stringify(rejection)).not.toContain(marked);
    expect(rejection.headers).toEqual(
      expect.arrayContaining([
        ['x-gitlab-token', '[redacted]'],
        ['x-my-secret', '[redacted]'],
      ]),
    );
    expect(rejection).toMatchObject({
      query: 'api_key=[redacted]&b=2',
      diagnosis: { code: 'authorization_mismatch' },
    });
    const seen = await tenant.call<{ data: RejectionAnswer[] }>(
      'GET',
      '/v1/rejections',
      undefined,
      await tenant.key('viewer'),
    );
    expect(seen.body.data[0]).toEqual({ ...rejection, body_excerpt: null });
    const { rows } = await app.database.pool.query<{ text: string }>(
      'select r::text as text from rejections r',
    );
    const traces = [marked, Buffer.from(marked).toString('hex'), Buffer.from(BODY).toString('hex')];
    expect(rows.length).toBeGreaterThan(0);
    for (const { text } of rows) expect(traces.filter((trace) => text.includes(trace))).toEqual([]);
    expect(app.log.join('')).not.toContain(marked);
  });

  test('that holds the secret instead of a signature does not show it, nor keep it in the clear', async () => {
    const tenant = await app.tenant();
    const { url, secret } = await tenant.source('callbox', { plainSecret: 'Marked-Rj8-secret-of-ours' });
    await post(url, { 'callbox-signature': secret, 'x-also': `v1=${secret}` });
    const rejection = await newestRejection(tenant);
    expect(rejection.diagnosis.code).toBe('secret_sent');
    expect(JSON.stringify(rejection)).not.toContain('Marked-Rj8');
    const { rows } = await app.database.pool.query<{ text: string }>(
      'select r::text as text from rejections r',
    );
    expect(rows.map(({ text }) => text).join()).not.toMatch(/Marked-Rj8/);
  });

  test('of which the URL has a token keeps it to itself', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('twilio', {
      config: { url_token: true },
      plainSecret: 'twilio-auth-token-1',
    });
    const token = url.split('/').at(-1) ?? '';
    await post(url, { 'x-twilio-signature': Buffer.alloc(20).toString('base64') });
    const rejection = await newestRejection(tenant);
    expect(token.length).toBeGreaterThan(20);
    expect(JSON.stringify(rejection)).not.toContain(token);
    expect(rejection.path).toBe(`/in/${tenant.slug}/twilio/[redacted]`);
  });

  test('too large is kept without its body, and one that is large in part; neither can be verified again', async () => {
    const tenant = await app.tenant();
    const { url, secret } = await tenant.source('runflow');
    await post(url, {}, 'x'.repeat(600_001));
    expect(await newestRejection(tenant)).toMatchObject({
      reason: 'body_too_large',
      diagnosis: { code: 'body_too_large', cause: expect.stringContaining('600001') as string },
      body_excerpt: null,
      size: null,
      reverifiable: false,
    });
    const large = 'é'.repeat(150_000);
    await post(url, {}, large);
    const rejection = await newestRejection(tenant, 2);
    expect(rejection).toMatchObject({ size: 300_000, reverifiable: false, body_excerpt: 'é'.repeat(2_048) });
    expect(hexHmac(secret, large)).toHaveLength(64);
    for (const { id, reason } of await list(tenant))
      expect(await tenant.call('POST', `/v1/rejections/${id}/reverify`)).toMatchObject({
        status: 409,
        body: { code: 'rejection_stands', reason },
      });
  });

  test('whose body is no text is shown as base64', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('runflow');
    const bytes = Buffer.from([0xff, 0x00, 0x80]);
    await post(url, {}, bytes);
    expect(await newestRejection(tenant)).toMatchObject({
      body_excerpt: null,
      body_excerpt_base64: bytes.toString('base64'),
    });
  });

  test('of an unknown URL leaves nothing', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('runflow');
    await post(`${app.url}/in/${tenant.slug}/nobody`);
    await post(url);
    expect((await newestRejection(tenant)).source).toBe('runflow');
    expect(await list(tenant)).toHaveLength(1);
  });

  test('from Notion shows the token that its set-up asks for', async () => {
    const tenant = await app.tenant();
    const source = await tenant.ok<{ ingest_url: string }>('POST', '/v1/sources', {
      slug: 'notion',
      provider: 'notion',
    });
    await post(
      source.ingest_url,
      {},
      '{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}',
    );
    expect(await newestRejection(tenant)).toMatchObject({
      reason: 'no_secret',
      diagnosis: { code: 'no_secret' },
      body_excerpt: '{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}',
    });
  });
});

describe('verified again after the fix', () => {
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await Receiver.start();
  });
  afterAll(() => receiver.stop());

  const reverify = (tenant: TestTenant, id: string) =>
    tenant.call<Record<string, unknown> & { id: string }>('POST', `/v1/rejections/${id}/reverify`);

  test('a callback becomes an event of the time it was received, and is delivered; the rejection is gone', async () => {
    const tenant = await app.tenant();
    const source = await tenant.ok<{ ingest_url: string }>('POST', '/v1/sources', {
      slug: 'runflow',
      provider: 'runflow',
    });
    await tenant.ok('POST', '/v1/destinations', { name: 'app', url: receiver.url });
    const plain_secret = 'whsec_of-the-provider-0123456789';
    const authorization = 'Bearer kept-for-the-app';
    await post(source.ingest_url, { 'runflow-signature': hexHmac(plain_secret, BODY), authorization });
    const rejection = await newestRejection(tenant);
    expect(rejection).toMatchObject({ reason: 'no_secret', diagnosis: { code: 'no_secret' } });
    expect(await reverify(tenant, rejection.id)).toMatchObject({
      status: 409,
      body: { reason: 'no_secret' },
    });
    await tenant.ok('POST', '/v1/callback-secrets', {
      label: 'a',
      source: 'runflow',
      plain_secret: 'whsec_another-secret',
    });
    expect(await reverify(tenant, rejection.id)).toMatchObject({
      status: 409,
      body: { reason: 'signature_mismatch' },
    });
    const secret = await tenant.ok<{ id: string }>('POST', '/v1/callback-secrets', {
      label: 'b',
      source: 'runflow',
      plain_secret,
    });
    const answer = await reverify(tenant, rejection.id);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        source: 'runflow',
        type: 'run.completed',
        run_id: 'run_1',
        received_at: rejection.received_at,
        verification: { secret_id: secret.id, secret_label: 'b' },
      },
    });
    const event = await tenant.ok<{ body: string }>('GET', `/v1/events/${answer.body.id}`);
    expect(event.body).toBe(BODY);
    expect(await list(tenant)).toEqual([]);
    const delivered = await eventually(() => {
      const found = receiver.requests.find(
        (request) => request.headers['callbox-event-id'] === answer.body.id,
      );
      if (found === undefined) throw new Error('not delivered yet');
      return found;
    });
    expect(delivered.headers['authorization']).toBe(authorization);
    expect(await tenant.ok('GET', `/v1/callback-secrets/${secret.id}`)).toMatchObject({
      verified_count: 1,
      is_current: true,
    });
    const audit = await tenant.ok<{ data: object[] }>('GET', '/v1/audit-log?action=rejection.reverified');
    expect(audit.data).toMatchObject([
      { target: { id: rejection.id }, details: { event_id: answer.body.id } },
    ]);
  });

  test('under an Idempotency-Key, the second answer is the first one', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('callbox');
    await post(url, { 'callbox-signature': hexHmac('the-other-secret', BODY) });
    const { id } = await newestRejection(tenant);
    await tenant.ok('POST', '/v1/callback-secrets', {
      label: 'b',
      source: 'callbox',
      plain_secret: 'the-other-secret',
    });
    const repeat = () =>
      send(`${app.url}/v1/rejections/${id}/reverify`, {
        method: 'POST',
        headers: { authorization: `Bearer ${tenant.adminKey}`, 'idempotency-key': 'once' },
      });
    const [first, second] = [await repeat(), await repeat()];
    expect([first.status, second.status, second.headers['idempotent-replayed']]).toEqual([200, 200, 'true']);
    expect(second.body).toEqual(first.body);
  });

  test('twice at once, one event is stored', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('callbox');
    await post(url, { 'callbox-signature': hexHmac('the-other-secret', BODY) });
    const { id } = await newestRejection(tenant);
    await tenant.ok('POST', '/v1/callback-secrets', {
      label: 'b',
      source: 'callbox',
      plain_secret: 'the-other-secret',
    });
    const answers = await Promise.all([1, 2, 3].map(() => reverify(tenant, id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
    expect((await tenant.ok<{ data: object[] }>('GET', '/v1/events')).data).toHaveLength(1);
  });

  test('a callback that has come again meanwhile is answered with the event that is there', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('runflow');
    const plain_secret = 'whsec_of-the-provider-0123456789';
    const headers = { 'runflow-signature': hexHmac(plain_secret, BODY) };
    await post(url, headers);
    const { id } = await newestRejection(tenant);
    await tenant.ok('POST', '/v1/callback-secrets', { label: 'b', source: 'runflow', plain_secret });
    const first = await eventually(async () => {
      const answer = await post(url, headers);
      if (answer.status !== 200) throw new Error('not known yet');
      return answer.body.id;
    });
    const answer = await reverify(tenant, id);
    expect(answer).toMatchObject({ status: 200, body: { id: first, duplicate_count: 1 } });
    expect((await tenant.ok<{ data: object[] }>('GET', '/v1/events')).data).toHaveLength(1);
  });

  test('a duplicate of an event that has been erased stays what it is', async () => {
    const tenant = await app.tenant();
    const { url, secret } = await tenant.source('runflow');
    const { body } = await post(url, { 'runflow-signature': hexHmac(secret, BODY) });
    await post(url, { 'runflow-signature': hexHmac('whsec_the-other-secret', BODY) });
    const { id } = await newestRejection(tenant);
    await tenant.ok('DELETE', `/v1/events/${body.id}`);
    await tenant.ok('POST', '/v1/callback-secrets', {
      label: 'b',
      source: 'runflow',
      plain_secret: 'whsec_the-other-secret',
    });
    expect(await reverify(tenant, id)).toMatchObject({ status: 409, body: { reason: 'event_erased' } });
    expect((await list(tenant)).map((rejection) => rejection.id)).toEqual([id]);
  });

  test('a signature that was timely then is timely still, and one that was late stays late', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('slack', { plainSecret: 'the-first-secret-of-slack' });
    const signed = (secret: string, at: number) => ({
      'x-slack-request-timestamp': String(at),
      'x-slack-signature': `v0=${hexHmac(secret, `v0:${at}:${BODY}`)}`,
    });
    const now = Math.floor(Date.now() / 1_000);
    await post(url, signed('the-second-secret-of-slack', now));
    const timely = await newestRejection(tenant);
    await post(url, signed('the-first-secret-of-slack', now - 400));
    const late = await newestRejection(tenant, 2);
    expect(late.diagnosis).toMatchObject({
      code: 'clock_skew',
      cause: expect.stringMatching(/40\d seconds before/) as string,
    });
    await tenant.ok('POST', '/v1/callback-secrets', {
      label: 'b',
      source: 'slack',
      plain_secret: 'the-second-secret-of-slack',
    });
    expect((await reverify(tenant, timely.id)).status).toBe(200);
    expect(await reverify(tenant, late.id)).toMatchObject({
      status: 409,
      body: { code: 'rejection_stands', reason: 'timestamp_outside_tolerance' },
    });
  });

  test('nothing becomes of a question of the provider’s, nor of a source that is gone', async () => {
    const tenant = await app.tenant();
    const { url } = await tenant.source('slack', { plainSecret: 'the-first-secret-of-slack' });
    const question = '{"type":"url_verification","challenge":"abc"}';
    const at = Math.floor(Date.now() / 1_000);
    await post(
      url,
      {
        'x-slack-request-timestamp': String(at),
        'x-slack-signature': `v0=${hexHmac('the-second-secret-of-slack', `v0:${at}:${question}`)}`,
      },
      question,
    );
    const { id } = await newestRejection(tenant);
    await tenant.ok('POST', '/v1/callback-secrets', {
      label: 'b',
      source: 'slack',
      plain_secret: 'the-second-secret-of-slack',
    });
    expect(await reverify(tenant, id)).toMatchObject({ status: 409, body: { reason: 'not_a_callback' } });
    await tenant.ok('DELETE', '/v1/sources/slack');
    expect(await reverify(tenant, id)).toMatchObject({ status: 409, body: { code: 'rejection_stands' } });
    expect(await list(tenant)).toHaveLength(1);
  });
});
