import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { eventually, Receiver, send, TestApp, type TestTenant } from '#testing';
import { newestRejection } from './rejections.fixture.js';

const BODY = '{"type":"invoice.paid"}';

/** An issuer that publishes what it is told to, or is away. */
class Issuer {
  published: readonly { readonly kid: string; readonly key: KeyObject }[] | null = [];
  asked = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Issuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = new Issuer(server);
    server.on('request', (_request, response) => {
      issuer.asked += 1;
      const keys = issuer.published?.map(({ kid, key }) => ({ ...key.export({ format: 'jwk' }), kid }));
      response.writeHead(keys === undefined ? 503 : 200).end(JSON.stringify({ keys }));
    });
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let app: TestApp;
let receiver: Receiver;
let issuer: Issuer;
beforeAll(async () => {
  app = await TestApp.start();
  receiver = await Receiver.start();
});
afterAll(async () => {
  await app.stop();
  await receiver.stop();
});
beforeEach(async () => {
  issuer = await Issuer.start();
});
afterEach(() => issuer.stop());

const newPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [first, second] = [newPair(), newPair()];

async function newSource(config: object = {}): Promise<{ tenant: TestTenant; url: string }> {
  const tenant = await app.tenant();
  const { ingest_url: url } = await tenant.ok<{ ingest_url: string }>('POST', '/v1/sources', {
    slug: 'issued',
    provider: 'oidc',
    config: { issuer: issuer.url, jwks_url: `${issuer.url}/keys`, ...config },
  });
  await tenant.ok('POST', '/v1/callback-secrets', {
    label: 'audience',
    source: 'issued',
    plain_secret: 'https://app.example',
  });
  return { tenant, url };
}

function tokenBy(pair: { readonly privateKey: KeyObject }, kid: string, lifetimeSeconds = 300) {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer(issuer.url)
    .setAudience('https://app.example')
    .setIssuedAt(now)
    .setExpirationTime(now + lifetimeSeconds)
    .sign(pair.privateKey);
}

const post = (url: string, token: string) =>
  send(url, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: BODY });
const reverify = (tenant: TestTenant, id: string) =>
  tenant.call<{ id: string; received_at: string }>('POST', `/v1/rejections/${id}/reverify`);

test('what was refused because the keys could not be fetched becomes an event once they can, though its token has expired since', async () => {
  issuer.published = null;
  const { tenant, url } = await newSource({ tolerance_seconds: 0 });
  await tenant.ok('POST', '/v1/destinations', { name: 'app', url: receiver.url });
  const expiresAtMs = Date.now() + 3_000;
  const token = await tokenBy(first, 'one', 3);
  expect((await post(url, token)).status).toBe(401);
  const rejection = await newestRejection(tenant);
  expect(rejection).toMatchObject({ reason: 'no_secret', diagnosis: { code: 'keys_unavailable' } });
  expect(await reverify(tenant, rejection.id)).toMatchObject({
    status: 409,
    body: { code: 'rejection_stands', reason: 'no_secret' },
  });

  issuer.published = [{ kid: 'one', key: first.publicKey }];
  await eventually(() => {
    if (Date.now() <= expiresAtMs) throw new Error('the token has not expired yet');
  });
  const answer = await reverify(tenant, rejection.id);
  expect(answer).toMatchObject({
    status: 200,
    body: {
      source: 'issued',
      received_at: rejection.received_at,
      verification: { secret_label: 'audience' },
    },
  });
  const delivered = await eventually(() => {
    const found = receiver.requests.find(({ headers }) => headers['callbox-event-id'] === answer.body.id);
    if (found === undefined) throw new Error('not delivered yet');
    return found;
  });
  expect(delivered.headers['callbox-received-at']).toBe(rejection.received_at);
  expect(delivered.headers['authorization']).toBe(`Bearer ${token}`);
  expect((await reverify(tenant, rejection.id)).status).toBe(404);
});

test('a key that was published after the inbox had last looked is fetched for it', async () => {
  issuer.published = [{ kid: 'one', key: first.publicKey }];
  const { tenant, url } = await newSource();
  expect((await post(url, await tokenBy(first, 'one'))).status).toBe(200);
  // A stranger's key id has the inbox look again: after that it does not for a while.
  expect((await post(url, await tokenBy(second, 'nobody'))).status).toBe(401);
  await newestRejection(tenant);
  issuer.published = [
    { kid: 'one', key: first.publicKey },
    { kid: 'two', key: second.publicKey },
  ];
  const asked = issuer.asked;
  expect((await post(url, await tokenBy(second, 'two'))).status).toBe(401);
  expect(issuer.asked).toBe(asked);
  const { id } = await newestRejection(tenant, 2);
  expect((await reverify(tenant, id)).status).toBe(200);
});

test('a key that is not published stays refused', async () => {
  issuer.published = [{ kid: 'one', key: first.publicKey }];
  const { tenant, url } = await newSource();
  expect((await post(url, await tokenBy(second, 'one'))).status).toBe(401);
  const { id } = await newestRejection(tenant);
  expect(await reverify(tenant, id)).toMatchObject({
    status: 409,
    body: { code: 'rejection_stands', reason: 'signature_mismatch' },
  });
  expect((await tenant.ok<{ data: object[] }>('GET', '/v1/events')).data).toEqual([]);
});
