import { generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { detachedJws, readHeader, refused } from './index.js';
import type { Claims, HeaderPairs, PublishedDocuments, SignedPieces } from './index.js';
import published from './published-jws.json' with { type: 'json' };
import { keyOf, post } from './request.fixture.js';

const CLOCK = { nowMs: 1_700_000_000_000 };
const KEYS_URL = 'https://sender.example/.well-known/jwks.json';
const publisher =
  (document: unknown): PublishedDocuments =>
  () =>
    Promise.resolve(Buffer.from(JSON.stringify(document)));
const headersOf = (headers: object): HeaderPairs => Object.entries(headers) as [string, string][];
const httpsOnly = (keysUrl: string) => (keysUrl.startsWith('https://') ? { keysUrl } : null);

describe('published vectors', () => {
  test(`saleor: ${published.saleor.source}`, async () => {
    const { body, headers, jwks } = published.saleor;
    const saleor = detachedJws({
      header: 'Saleor-Signature',
      algorithms: ['RS256'],
      isPayloadRaw: true,
      subscription: httpsOnly,
    });
    const keys = [keyOf(saleor, KEYS_URL)];
    const verify = (text: string) =>
      saleor.verify(post(text, headersOf(headers)), keys, CLOCK, publisher(jwks));
    expect(await verify(body)).toEqual({ ok: true, keyId: 'key-1', signedAtMs: null });
    expect(await verify(`${body} `)).toEqual(refused('signature_mismatch'));
  });

  /** Method and path, the headers that the JWS lists, and the body. */
  const trueLayerContent =
    ({ tl_headers: listed }: Claims): SignedPieces =>
    (request) => {
      const names = typeof listed === 'string' && listed !== '' ? listed.split(',') : [];
      const lines = [`${request.method} ${new URL(request.url).pathname}\n`];
      for (const name of names) {
        const reading = readHeader(request.headers, name.toLowerCase());
        if (!reading.ok) return reading;
        lines.push(`${name}: ${reading.value}\n`);
      }
      return [lines.join(''), request.body];
    };

  test(`truelayer: ${published.truelayer.source}`, async () => {
    const { body, headers, jwks, url_path: path } = published.truelayer;
    const trueLayer = detachedJws({
      header: 'Tl-Signature',
      algorithms: ['ES512'],
      content: trueLayerContent,
      timestamp: { header: 'X-Tl-Webhook-Timestamp', unit: 'rfc3339', toleranceSeconds: 300 },
      subscription: () => ({ keysUrl: 'https://webhooks.truelayer.com/.well-known/jwks' }),
    });
    const clock = { nowMs: Date.parse('2021-11-29T11:43:00Z') };
    const keys = [keyOf(trueLayer, 'truelayer')];
    const verify = (changed: object, url = `https://inbox.example${path}`, at = clock) =>
      trueLayer.verify(post(body, headersOf({ ...headers, ...changed }), url), keys, at, publisher(jwks));
    expect(await verify({})).toMatchObject({ ok: true });
    expect(await verify({ 'Content-Type': 'text/plain' })).toEqual(refused('signature_mismatch'));
    expect(await verify({}, 'https://inbox.example/other')).toEqual(refused('signature_mismatch'));
    expect(await verify({}, undefined, CLOCK)).toEqual(refused('timestamp_outside_tolerance'));
  });
});

describe('a detached JWS', () => {
  const pair = generateKeyPairSync('ed25519');
  const stranger = generateKeyPairSync('ed25519');
  const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid });
  const set = publisher({ keys: [jwk(pair.publicKey, 'a'), jwk(stranger.publicKey, 'b')].slice(0, 1) });
  const scheme = detachedJws({
    header: 'X-Jws',
    algorithms: ['EdDSA'],
    content: '${timestamp}.${bodyBase64url}',
    timestamp: { header: 'X-Time', unit: 'milliseconds', toleranceSeconds: 300 },
    subscription: (workspace) => ({ keysUrl: KEYS_URL, body: { '/workspace': workspace } }),
  });
  const keys = [keyOf(scheme, 'w-1')];
  const base64url = (text: string | Buffer) => Buffer.from(text).toString('base64url');

  function signed(body: string, header: object = {}, privateKey = pair.privateKey) {
    const protectedHeader = base64url(JSON.stringify({ alg: 'EdDSA', kid: 'a', ...header }));
    const payload = base64url(`${CLOCK.nowMs}.${base64url(body)}`);
    const signature = signBytes(null, Buffer.from(`${protectedHeader}.${payload}`), privateKey);
    return post(body, [
      ['X-Jws', `${protectedHeader}..${base64url(signature)}`],
      ['X-Time', String(CLOCK.nowMs)],
    ]);
  }
  const body = '{"workspace":"w-1"}';
  const reasonOf = async (
    request: ReturnType<typeof signed>,
    documents: PublishedDocuments | undefined = set,
  ) => {
    const verdict = await scheme.verify(request, keys, CLOCK, documents);
    return verdict.ok ? 'accepted' : verdict.reason;
  };

  test('is verified with the published key', async () => {
    expect(await reasonOf(signed(body))).toBe('accepted');
    expect(await reasonOf(signed(body, {}, stranger.privateKey))).toBe('signature_mismatch');
    expect(await reasonOf({ ...signed(body), body: Buffer.from('{}') })).toBe('signature_mismatch');
  });

  test('is refused when it is for somebody else', async () => {
    expect(await reasonOf(signed('{"workspace":"w-2"}'))).toBe('claim_invalid');
    expect(await reasonOf(signed('[]'))).toBe('claim_invalid');
  });

  test.each<[what: string, header: object]>([
    ['another algorithm', { alg: 'RS256' }],
    ['no algorithm', { alg: 'none' }],
    ['a critical extension', { crit: ['exp'], exp: 1 }],
    ['an unencoded payload that is not expected', { crit: ['b64'], b64: false }],
    ['b64 without crit', { b64: false }],
  ])('is malformed with %s', async (_what, header) => {
    expect(await reasonOf(signed(body, header))).toBe('signature_malformed');
  });

  test('follows no key that it brings or points to', async () => {
    const own = { jwk: stranger.publicKey.export({ format: 'jwk' }), jku: 'https://evil.example/jwks' };
    const asked: string[] = [];
    const spy: PublishedDocuments = (url, wanted) => {
      asked.push(url);
      return set(url, wanted);
    };
    expect(await reasonOf(signed(body, own, stranger.privateKey), spy)).toBe('signature_mismatch');
    expect(new Set(asked)).toEqual(new Set([KEYS_URL]));
  });

  test('is refused with a payload of its own, which would be signed instead of the request', async () => {
    const request = signed(body);
    const attached = request.headers.map(
      ([name, value]) =>
        [name, name === 'X-Jws' ? value.replace('..', `.${base64url('{}')}.`) : value] as const,
    );
    expect(await reasonOf({ ...request, headers: attached })).toBe('signature_malformed');
  });

  test('is refused without keys, at either end', async () => {
    expect(await scheme.verify(signed(body), [], CLOCK, set)).toEqual(refused('no_secret'));
    expect(await scheme.verify(signed(body), keys, CLOCK)).toEqual(refused('no_secret'));
    expect(await reasonOf(signed(body), () => Promise.resolve(null))).toBe('no_secret');
    expect(scheme.prepareKey('').ok).toBe(false);
  });

  test('neither throws nor accepts what nobody signed', async () => {
    const segment = fc.oneof(fc.base64String({ maxLength: 60 }), fc.constant(base64url('{"alg":"EdDSA"}')));
    await fc.assert(
      fc.asyncProperty(segment, segment, async (header, signature) => {
        const request = post(body, [
          ['X-Jws', `${header}..${signature}`],
          ['X-Time', String(CLOCK.nowMs)],
        ]);
        expect(await reasonOf(request)).not.toBe('accepted');
      }),
    );
  });
});
