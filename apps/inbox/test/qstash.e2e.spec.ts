import { createHmac } from 'node:crypto';
import { Receiver } from '@upstash/qstash';
import { eventually, qstashToken, send, TestApp, type TestTenant } from '#testing';
import { CURRENT_KEY, genuineToken, type Judged, NEXT_KEY, tokensFor } from './qstash-tokens.fixture.js';
import { sendRaw } from './raw-request.fixture.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start();
});
afterAll(() => app.stop());

const BODY = '{"hello":"José 😀", "spaced": 1.0}';
const official = new Receiver({ currentSigningKey: CURRENT_KEY, nextSigningKey: NEXT_KEY });

/** A source that knows both signing keys, as the QStash console shows them. */
async function qstashSource(tenant: TestTenant, config: object = {}): Promise<string> {
  const source = await tenant.source('qstash', { plainSecret: CURRENT_KEY, config });
  await tenant.ok('POST', '/v1/callback-secrets', {
    label: 'next',
    source: 'qstash',
    plain_secret: NEXT_KEY,
  });
  return source.url;
}

function post({ url, body }: { url: string; body: string | Buffer }, token: string, headers: object = {}) {
  return send(url, { method: 'POST', headers: { 'upstash-signature': token, ...headers }, body });
}

async function officialVerdict({ url, body }: Judged, token: string): Promise<'accepted' | 'refused'> {
  return official.verify({ signature: token, body, url }).then(
    () => 'accepted',
    () => 'refused',
  );
}

async function ourVerdict(request: Judged, token: string): Promise<'accepted' | 'refused'> {
  const { status } = await post(request, token);
  if (status !== 200 && status !== 401) throw new Error(`${status} is no verdict`);
  return status === 200 ? 'accepted' : 'refused';
}

describe('the QStash inbox', () => {
  test('judges every token as the official receiver does', async () => {
    const request = { url: `${await qstashSource(await app.tenant())}/orders/7?x=1&y=%20`, body: BODY };
    const tokens = tokensFor(request);
    const verdicts = { accepted: 0, refused: 0 };
    for (const { name, token } of tokens) {
      const [ours, theirs] = [await ourVerdict(request, token), await officialVerdict(request, token)];
      expect(`${name}: ${ours}`).toBe(`${name}: ${theirs}`);
      verdicts[ours] += 1;
    }
    expect(verdicts.accepted).toBeGreaterThan(40);
    expect(verdicts.refused).toBeGreaterThan(60);
  });

  test('refuses the other HMACs that the official receiver lets pass, and tokens that speak of no body', async () => {
    const request = { url: await qstashSource(await app.tenant()), body: BODY };
    const payload = genuineToken(request).split('.')[1] ?? '';
    for (const [alg, hash] of [
      ['HS384', 'sha384'],
      ['HS512', 'sha512'],
    ] as const) {
      const input = `${Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url')}.${payload}`;
      const token = `${input}.${createHmac(hash, CURRENT_KEY).update(input).digest('base64url')}`;
      expect(await officialVerdict(request, token)).toBe('accepted');
      expect(await ourVerdict(request, token)).toBe('refused');
    }
    for (const claim of [undefined, null, 7, {}])
      expect(await ourVerdict(request, genuineToken(request, { body: claim }))).toBe('refused');
  });

  test('refuses a request without the header or with an empty one', async () => {
    const url = await qstashSource(await app.tenant());
    expect((await send(url, { method: 'POST', body: BODY })).status).toBe(401);
    expect((await post({ url, body: BODY }, '')).status).toBe(401);
  });

  test('names the key that verified, when QStash signed, and the message', async () => {
    const tenant = await app.tenant();
    const url = await qstashSource(tenant);
    const iat = Math.floor(Date.now() / 1_000) - 3;
    const answer = await post({ url, body: BODY }, genuineToken({ url, body: BODY }, { iat }, NEXT_KEY), {
      'Upstash-Message-Id': 'msg_26hZCxZCuWyyTWPmSVBrNB882AaA',
    });
    const event = await tenant.ok('GET', `/v1/events/${answer.body['id'] as string}`);
    expect(event).toMatchObject({
      provider: 'qstash',
      provider_event_id: 'msg_26hZCxZCuWyyTWPmSVBrNB882AaA',
      verification: {
        scheme: 'jwt',
        secret_label: 'next',
        signed_at: new Date(iat * 1_000).toISOString(),
      },
    });
  });

  test.each([
    '',
    '/',
    '/orders',
    '/orders/',
    '/a/b/c/d',
    '//',
    '/%20%2F',
    '/%zz',
    '/..',
    '/;v=1',
    '/orders?',
    '?a=1&a=2',
    '?next=https://x.example/?y=1',
    '/ünï'.normalize('NFC').replace(/[^\x20-\x7e]/g, encodeURIComponent),
  ])('takes %p below the ingest URL, signed for exactly that', async (further) => {
    const tenant = await app.tenant();
    const source = await qstashSource(tenant);
    const { hostname, port, pathname } = new URL(source);
    // undici normalises URLs, the wire does not: the request is written by hand.
    const exchange = (token: string) =>
      sendRaw(
        source,
        `POST ${pathname}${further} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpstash-Signature: ${token}\r\n` +
          'Content-Length: 2\r\n\r\n{}',
      );
    const url = source + further;
    expect(await exchange(genuineToken({ url: `${url}x`, body: '{}' }))).toMatchObject({ status: 401 });
    const token = genuineToken({ url, body: '{}' });
    await expect(official.verify({ signature: token, body: '{}', url })).resolves.toBe(true);
    const answer = await exchange(token);
    expect(answer.status).toBe(200);
    const { id } = JSON.parse(answer.body) as { id: string };
    const [path = '', ...query] = (pathname + further).split('?');
    expect(await tenant.ok('GET', `/v1/events/${id}`)).toMatchObject({ path, query: query.join('?') });
  });

  test('takes bodies that are no text, which only their hash can speak for', async () => {
    const tenant = await app.tenant();
    const url = await qstashSource(tenant);
    for (const body of [Buffer.alloc(0), Buffer.from('ff00fe0d0a80', 'hex')]) {
      const answer = await post({ url, body }, qstashToken(CURRENT_KEY, { url, body }));
      expect(answer.status).toBe(200);
      const stored = await tenant.call('GET', `/v1/events/${answer.body['id'] as string}/body`);
      expect(stored.bytes.equals(body)).toBe(true);
    }
  });

  test('allows for a difference of clocks only as far as the source says', async () => {
    const strict = await qstashSource(await app.tenant());
    const lenient = await qstashSource(await app.tenant(), { tolerance_seconds: 60 });
    const now = Math.floor(Date.now() / 1_000);
    for (const [claims, expected] of [
      [{ exp: now - 20 }, 'accepted'],
      [{ nbf: now + 20 }, 'accepted'],
      [{ exp: now - 90 }, 'refused'],
      [{ nbf: now + 90 }, 'refused'],
    ] as const) {
      const atStrict = { url: strict, body: BODY };
      const atLenient = { url: lenient, body: BODY };
      expect(await ourVerdict(atStrict, genuineToken(atStrict, claims))).toBe('refused');
      expect(await ourVerdict(atLenient, genuineToken(atLenient, claims))).toBe(expected);
      const theirs = official.verify({
        signature: genuineToken(atLenient, claims),
        body: BODY,
        url: lenient,
        clockTolerance: 60,
      });
      await (expected === 'accepted' ? expect(theirs).resolves.toBe(true) : expect(theirs).rejects.toThrow());
    }
  });

  test('judges by the public URL, whatever host the request came to', async () => {
    const behindProxy = await TestApp.start({
      database: app.database,
      settings: { publicUrl: 'https://hooks.example.com/callbox', roles: ['inbox'] },
    });
    try {
      const tenant = await app.tenant();
      const { pathname } = new URL(await qstashSource(tenant));
      const here = behindProxy.url + pathname;
      const told = `https://hooks.example.com/callbox${pathname}`;
      expect((await post({ url: here, body: BODY }, genuineToken({ url: here, body: BODY }))).status).toBe(
        401,
      );
      const token = genuineToken({ url: told, body: BODY });
      expect((await post({ url: here, body: BODY }, token, { 'x-forwarded-host': 'evil' })).status).toBe(200);
    } finally {
      await behindProxy.stop();
    }
  });

  test('goes on verifying through a roll of the signing keys', async () => {
    const tenant = await app.tenant();
    const url = await qstashSource(tenant);
    const rolled = 'sig_RolledTestKey4444444444444444';
    const verdictOf = (key: string) =>
      ourVerdict({ url, body: BODY }, genuineToken({ url, body: BODY }, {}, key));
    expect(await verdictOf(rolled)).toBe('refused');
    await tenant.ok('POST', '/v1/callback-secrets', {
      label: 'rolled',
      source: 'qstash',
      plain_secret: rolled,
    });
    await eventually(async () => expect(await verdictOf(rolled)).toBe('accepted'), 1_000);
    for (const key of [CURRENT_KEY, NEXT_KEY]) expect(await verdictOf(key)).toBe('accepted');
  });
});
