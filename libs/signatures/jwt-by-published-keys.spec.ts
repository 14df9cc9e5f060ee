import { createHash, generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT, type JWK } from 'jose';
import { jwtByPublishedKeys } from './index.js';
import type { JwtByPublishedKeysOptions, PublishedDocuments } from './index.js';
import { keyOf, post } from './request.fixture.js';

const NOW_SECONDS = 1_790_000_000;
const CLOCK = { nowMs: NOW_SECONDS * 1000 };
type Claims = Record<string, unknown>;

const KEYS_URL = 'https://accounts.example/jwks';
const AUDIENCE = 'https://inbox.example/in/acme/pubsub';

const OPTIONS: JwtByPublishedKeysOptions = {
  place: { header: 'Authorization', valuePrefix: 'Bearer ' },
  algorithms: ['RS256'],
  issuer: 'https://accounts.example',
  keysUrl: KEYS_URL,
  defaultToleranceSeconds: 0,
  expectedClaims: (text) => {
    const [aud = '', email] = text.split(' ');
    if (!aud.startsWith('https://')) return null;
    return email === undefined ? { aud } : { aud, email, email_verified: true };
  },
};
const scheme = jwtByPublishedKeys(OPTIONS);
const keys = [keyOf(scheme, AUDIENCE, 'by-audience')];

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

async function jwks(
  ...published: readonly (readonly [kid: string, key: typeof rsa.publicKey])[]
): Promise<Buffer> {
  const set = await Promise.all(
    published.map(async ([kid, key]): Promise<JWK> => ({ ...(await exportJWK(key)), kid })),
  );
  return Buffer.from(JSON.stringify({ keys: set }));
}

/** Hands out documents in turn, the last one for ever, and counts what it was asked. */
function publisher(
  ...documents: readonly (Buffer | null)[]
): PublishedDocuments & { readonly asked: string[] } {
  const asked: string[] = [];
  const published: PublishedDocuments = (url, wanted) => {
    asked.push(`${wanted} ${url}`);
    return Promise.resolve(documents[Math.min(asked.length, documents.length) - 1] ?? null);
  };
  return Object.assign(published, { asked });
}

const CLAIMS: Claims = {
  iss: OPTIONS.issuer,
  aud: AUDIENCE,
  exp: NOW_SECONDS + 60,
  iat: NOW_SECONDS - 5,
};

async function token(claims: Claims = CLAIMS, header: object = {}, key = rsa.privateKey): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'a', ...header }).sign(key);
}

const request = (value: string) => post('{}', [['Authorization', `Bearer ${value}`]]);

describe('a token signed with a published key', () => {
  let set: Buffer;
  beforeAll(async () => {
    set = await jwks(['a', rsa.publicKey], ['b', ec.publicKey]);
  });
  const reasonOf = async (value: string, published = publisher(set)) => {
    const verdict = await scheme.verify(request(value), keys, CLOCK, published);
    return verdict.ok ? 'accepted' : verdict.reason;
  };

  test('is accepted, and its key set is asked for once', async () => {
    const published = publisher(set);
    expect(await scheme.verify(request(await token()), keys, CLOCK, published)).toEqual({
      ok: true,
      keyId: 'by-audience',
      signedAtMs: (NOW_SECONDS - 5) * 1000,
    });
    expect(published.asked).toEqual([`cached ${KEYS_URL}`]);
  });

  test.each<[what: string, claims: Claims, reason: string]>([
    ['another audience', { ...CLAIMS, aud: 'https://other.example' }, 'claim_invalid'],
    ['no audience', { ...CLAIMS, aud: undefined }, 'claim_invalid'],
    ['one of several audiences', { ...CLAIMS, aud: ['x', AUDIENCE] }, 'accepted'],
    ['another issuer', { ...CLAIMS, iss: 'https://evil.example' }, 'claim_invalid'],
    ['no exp', { ...CLAIMS, exp: undefined }, 'claim_invalid'],
    ['an exp 61 s ago', { ...CLAIMS, exp: NOW_SECONDS - 61 }, 'timestamp_outside_tolerance'],
    ['an exp of this second', { ...CLAIMS, exp: NOW_SECONDS }, 'timestamp_outside_tolerance'],
    ['an nbf in 61 s', { ...CLAIMS, nbf: NOW_SECONDS + 61 }, 'timestamp_outside_tolerance'],
  ])('with %s: %s', async (_what, claims, reason) => {
    expect(await reasonOf(await token(claims))).toBe(reason);
  });

  test('of a stranger is refused, whatever key it brings or points to', async () => {
    const jwk = await exportJWK(stranger.publicKey);
    for (const header of [
      {},
      { jwk },
      { jku: 'https://evil.example/jwks' },
      { x5u: 'https://evil.example/x' },
    ]) {
      const published = publisher(set);
      expect(await reasonOf(await token(CLAIMS, header, stranger.privateKey), published)).toBe(
        'signature_mismatch',
      );
      expect(published.asked.every((asked) => asked.endsWith(KEYS_URL))).toBe(true);
    }
  });

  test('is refused in any algorithm but the configured one', async () => {
    const hs256 = new SignJWT(CLAIMS).setProtectedHeader({ alg: 'HS256', kid: 'a' });
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    for (const secret of [pem, ` ${pem}`, pem.trim()]) {
      expect(await reasonOf(await hs256.sign(Buffer.from(secret)))).toBe('signature_malformed');
    }
    expect(await reasonOf(await token(CLAIMS, { alg: 'PS256' }))).toBe('signature_malformed');
    expect(await reasonOf(await token(CLAIMS, { alg: 'ES256', kid: 'b' }, ec.privateKey))).toBe(
      'signature_malformed',
    );
    const payload = Buffer.from(JSON.stringify(CLAIMS)).toString('base64url');
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      const none = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.${payload}.`;
      expect(await reasonOf(none)).toBe('signature_malformed');
    }
  });

  test.each(['', '.', '..', 'a.b.c', 'x'.repeat(5000)])('is not %j', async (value) => {
    expect(await reasonOf(value)).toBe('signature_malformed');
  });

  test.each(['../../etc/passwd', "' or 1=1", 'k'.repeat(2000)])(
    'with the key id %j is looked for twice and refused',
    async (kid) => {
      const published = publisher(set);
      expect(await reasonOf(await token(CLAIMS, { kid }), published)).toBe('signature_mismatch');
      expect(published.asked).toEqual([`cached ${KEYS_URL}`, `refreshed ${KEYS_URL}`]);
    },
  );

  test('is accepted when its key appears in the refreshed set', async () => {
    const fresh = await jwks(['new', stranger.publicKey]);
    expect(
      await reasonOf(await token(CLAIMS, { kid: 'new' }, stranger.privateKey), publisher(set, fresh)),
    ).toBe('accepted');
  });

  test.each<[what: string, document: Buffer | null]>([
    ['cannot be had', null],
    ['is no JSON', Buffer.from('<html>')],
    ['is no key set', Buffer.from('{"keys":1}')],
  ])('is refused when the set %s', async (_what, document) => {
    expect(await reasonOf(await token(), publisher(document))).toBe('no_secret');
  });

  test('is refused when nobody fetches, when there is no audience and when the header is missing', async () => {
    const genuine = request(await token());
    expect(await scheme.verify(genuine, keys, CLOCK)).toEqual({ ok: false, reason: 'no_secret' });
    expect(await scheme.verify(genuine, [], CLOCK, publisher(set))).toEqual({
      ok: false,
      reason: 'no_secret',
    });
    expect(await scheme.verify(post('{}'), keys, CLOCK, publisher(set))).toEqual({
      ok: false,
      reason: 'signature_missing',
    });
  });

  test('must meet every expectation of one key, and the key is named', async () => {
    const both = [...keys, keyOf(scheme, 'https://other.example push@p.iam.example', 'by-email')];
    const other = { ...CLAIMS, aud: 'https://other.example', email: 'push@p.iam.example' };
    const verify = async (claims: Claims) =>
      scheme.verify(request(await token(claims)), both, CLOCK, publisher(set));
    expect(await verify({ ...other, email_verified: true })).toMatchObject({ ok: true, keyId: 'by-email' });
    expect(await verify({ ...other, email_verified: 'true' })).toEqual({
      ok: false,
      reason: 'claim_invalid',
    });
    expect(await verify(other)).toEqual({ ok: false, reason: 'claim_invalid' });
  });

  test.each(['', ' ', 'not-a-url'])('is expected by no key made of %j', (text) => {
    expect(scheme.prepareKey(text).ok).toBe(false);
  });

  test('may expect nothing of no token', () => {
    const careless = jwtByPublishedKeys({ ...OPTIONS, expectedClaims: () => ({}) });
    expect(careless.prepareKey('anything').ok).toBe(false);
  });
});

describe('a token that binds the body and may only be so old', () => {
  const plaid = jwtByPublishedKeys({
    ...OPTIONS,
    place: { header: 'Plaid-Verification' },
    algorithms: ['ES256'],
    bodyClaim: { name: 'request_body_sha256', encoding: 'hex' },
    maximumAgeSeconds: 300,
  });
  const sha256 = createHash('sha256').update('{}').digest('hex');
  const verify = async (claims: Claims, body = '{}') => {
    const value = await token(
      { iss: CLAIMS.iss, aud: AUDIENCE, ...claims },
      { alg: 'ES256', kid: 'b' },
      ec.privateKey,
    );
    const published = publisher(await jwks(['b', ec.publicKey]));
    const verdict = await plaid.verify(
      post(body, [['Plaid-Verification', value]]),
      [keyOf(plaid, AUDIENCE)],
      CLOCK,
      published,
    );
    return verdict.ok ? 'accepted' : verdict.reason;
  };

  test('is judged by both', async () => {
    const claims = { iat: NOW_SECONDS - 299, request_body_sha256: sha256 };
    expect(await verify(claims)).toBe('accepted');
    expect(await verify(claims, '[]')).toBe('claim_invalid');
    expect(await verify({ ...claims, iat: NOW_SECONDS - 301 })).toBe('timestamp_outside_tolerance');
    expect(await verify({ ...claims, iat: NOW_SECONDS + 1 })).toBe('timestamp_outside_tolerance');
    expect(await verify({ request_body_sha256: sha256 })).toBe('claim_invalid');
    expect(await verify({ iat: NOW_SECONDS })).toBe('claim_invalid');
  });
});

describe('a body that is a token', () => {
  const whole = jwtByPublishedKeys({ ...OPTIONS, place: 'body' });

  test('is verified as one', async () => {
    const published = publisher(await jwks(['a', rsa.publicKey]));
    const bodyKeys = [keyOf(whole, AUDIENCE)];
    expect(await whole.verify(post(await token()), bodyKeys, CLOCK, published)).toMatchObject({ ok: true });
    expect(await whole.verify(post(''), bodyKeys, CLOCK, published)).toEqual({
      ok: false,
      reason: 'signature_missing',
    });
    expect(await whole.verify(post('{"a":1}'), bodyKeys, CLOCK, published)).toEqual({
      ok: false,
      reason: 'signature_malformed',
    });
  });
});
