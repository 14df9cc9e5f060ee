import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import { send, TestApp, type TestTenant } from '#testing';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await app.tenant();
});

const makeSource = (provider: string, config: object = {}) =>
  tenant.ok<{ ingest_url: string; id: string }>('POST', '/v1/sources', { slug: provider, provider, config });

describe('a handshake', () => {
  test('of Slack is answered only when it is signed, and stores nothing', async () => {
    const source = await tenant.source('slack', { plainSecret: '8f742231b10e8888abcd99yyyzzz85a5' });
    const body = JSON.stringify({
      type: 'url_verification',
      token: 'x',
      challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P',
    });
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = `v0=${createHmac('sha256', source.secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
    const headers = { 'content-type': 'application/json', 'x-slack-request-timestamp': timestamp };
    const signed = await send(source.url, {
      method: 'POST',
      headers: { ...headers, 'x-slack-signature': signature },
      body,
    });
    expect(signed.status).toBe(200);
    expect(signed.bytes.toString()).toContain('3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P');
    expect(signed.headers['x-content-type-options']).toBe('nosniff');
    expect(await send(source.url, { method: 'POST', headers, body })).toMatchObject({ status: 401 });
    expect(await tenant.ok('GET', '/v1/events')).toMatchObject({ data: [] });
  });

  test('of Meta by GET needs the verify token of the source', async () => {
    const { ingest_url: url } = await makeSource('meta', { verify_token: 'a-token-of-mine' });
    const ask = (token: string) =>
      send(`${url}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`);
    const answer = await ask('a-token-of-mine');
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/plain' } });
    expect(answer.bytes.toString()).toBe('1158201444');
    const refused = await ask('another-token');
    expect(refused).toMatchObject({ status: 405 });
    expect(refused.bytes.toString()).not.toContain('1158201444');
  });

  test('leaves GET refused where the provider asks nothing by GET', async () => {
    const { url } = await tenant.source('stripe', {
      plainSecret: 'whsec_ZXhhbXBsZS1zZWNyZXQtZm9yLXRlc3RzLW9ubHk=',
    });
    expect(await send(url)).toMatchObject({ status: 405, headers: { allow: 'POST, PUT, PATCH' } });
  });
});

describe('settings of a provider’s own', () => {
  test('make the scheme of the generic HMAC provider', async () => {
    const source = await tenant.source('hmac', {
      config: { header: 'X-Mine', encoding: 'base64', algorithm: 'sha512', prefix: 'v1=' },
    });
    const body = '{"a":1}';
    const signature = `v1=${createHmac('sha512', source.secret).update(body).digest('base64')}`;
    expect(await send(source.url, { method: 'POST', headers: { 'x-mine': signature }, body })).toMatchObject({
      status: 200,
    });
    expect(
      await send(source.url, { method: 'POST', headers: { 'x-signature': signature }, body }),
    ).toMatchObject({ status: 401 });
  });

  test.each([
    ['hmac', { headr: 'x' }, 'config.headr'],
    ['hmac', { template: 'no body' }, 'config.template'],
    ['runflow', { header: 'X-Other' }, 'config.header'],
    ['unverified', {}, 'config.accept_unverified'],
  ])('of %s that are wrong are refused by name: %j', async (provider, config, path) => {
    const answer = await tenant.call<{ code: string; errors: { path: string }[] }>('POST', '/v1/sources', {
      slug: 'x',
      provider,
      config,
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'malformed_request', errors: [{ path }] } });
  });
});

describe('a credential that the sender repeats', () => {
  test.each([
    [
      'in a header of one’s own choice',
      { header: 'X-My-Key' },
      (secret: string) => ({ headers: { 'x-my-key': secret }, query: '' }),
    ],
    [
      'in the query',
      { query_parameter: 'key' },
      (secret: string) => ({ headers: {}, query: `?a=1&key=${encodeURIComponent(secret)}&b=2` }),
    ],
  ])('%s is kept out of the event', async (_where, config, credential) => {
    const source = await tenant.source('api-key', { config });
    const { headers, query } = credential(source.secret);
    const receipt = await send<{ id: string }>(source.url + query, { method: 'POST', headers, body: '{}' });
    expect(receipt.status).toBe(200);
    const event = JSON.stringify(await tenant.ok('GET', `/v1/events/${receipt.body.id}`));
    expect(event).toContain('[redacted]');
    for (const form of [source.secret, encodeURIComponent(source.secret)]) expect(event).not.toContain(form);
  });
});

test('a generated secret that is only compared is kept as a keyed hash, and still verifies on another process', async () => {
  const source = await tenant.source('bearer');
  const { rows } = await app.database.pool.query<{ ciphertext: Buffer | null; verifier: string }>(
    'select ciphertext, verifier from callback_secrets where source_id = (select id from sources where slug = $1 and tenant_id = (select id from tenants where slug = $2))',
    ['bearer', tenant.slug],
  );
  expect(rows).toMatchObject([{ ciphertext: null, verifier: expect.stringMatching(/^hmac-sha256:/) }]);
  const other = await TestApp.start({ database: app.database });
  const post = (token: string) =>
    send(source.url.replace(app.url, other.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: '{}',
    });
  expect(await post(source.secret)).toMatchObject({ status: 200 });
  expect(await post(`${source.secret}x`)).toMatchObject({ status: 401 });
  await other.stop();
});

describe('a source that only its URL protects', () => {
  test('has an unguessable URL, marks its events and keeps the token out of them', async () => {
    const { ingest_url: url } = await makeSource('unverified', { accept_unverified: true });
    expect(url).toMatch(/\/unverified\/[0-9a-f]{40}$/);
    expect(await send(url, { method: 'POST', body: 'anything' })).toMatchObject({ status: 200 });
    for (const wrong of [
      url.slice(0, -41),
      `${url.slice(0, -1)}x`,
      `${url.slice(0, -41)}/${'0'.repeat(40)}`,
    ]) {
      expect(await send(wrong, { method: 'POST', body: 'anything' })).toMatchObject({ status: 404 });
    }
    const { data } = await tenant.ok<{ data: object[] }>('GET', '/v1/events');
    expect(data).toMatchObject([{ verification: { scheme: 'unverified', secret_id: null } }]);
    expect(JSON.stringify(data)).not.toContain(url.slice(-40));
  });

  test('gets a new URL by rotation, and the old one works until the overlap ends', async () => {
    const { ingest_url: old } = await makeSource('unverified', { accept_unverified: true });
    const rotated = await tenant.ok<{ ingest_url: string }>('POST', '/v1/sources/unverified/url-rotations', {
      overlap_seconds: 3_600,
    });
    expect(rotated.ingest_url).not.toBe(old);
    for (const url of [old, rotated.ingest_url])
      expect(await send(url, { method: 'POST' })).toMatchObject({ status: 200 });
    const last = await tenant.ok<{ ingest_url: string }>('POST', '/v1/sources/unverified/url-rotations', {
      overlap_seconds: 0,
    });
    for (const url of [old, rotated.ingest_url])
      expect(await send(url, { method: 'POST' })).toMatchObject({ status: 404 });
    expect(await send(last.ingest_url, { method: 'POST' })).toMatchObject({ status: 200 });
  });

  test('may be any source, on top of its signature', async () => {
    const source = await tenant.source('callbox', { slug: 'guarded', config: { url_token: true } });
    const headers = { 'callbox-signature': createHmac('sha256', source.secret).update('x').digest('hex') };
    expect(await send(source.url, { method: 'POST', headers, body: 'x' })).toMatchObject({ status: 200 });
    expect(await send(source.url, { method: 'POST', body: 'x' })).toMatchObject({ status: 401 });
    expect(await tenant.call('POST', '/v1/sources/default/url-rotations')).toMatchObject({
      status: 422,
      body: { code: 'no_url_token' },
    });
  });
});

describe('keys that an issuer publishes', () => {
  let issuer: Server;
  let jwksUrl: string;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  beforeAll(async () => {
    const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256' };
    issuer = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    jwksUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`;
  });
  afterAll(() => new Promise((resolve) => issuer.close(resolve)));

  test('verify the token of a callback; one for another audience is refused', async () => {
    const source = await tenant.source('oidc', {
      plainSecret: 'https://me.example',
      config: { issuer: 'https://issuer.example', jwks_url: jwksUrl },
    });
    const token = (audience: string) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid: 'key-1' })
        .setIssuer('https://issuer.example')
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey);
    const post = async (audience: string) =>
      send(source.url, {
        method: 'POST',
        headers: { authorization: `Bearer ${await token(audience)}` },
        body: '{}',
      });
    expect(await post('https://me.example')).toMatchObject({ status: 200 });
    expect(await post('https://you.example')).toMatchObject({ status: 401 });
  });
});
