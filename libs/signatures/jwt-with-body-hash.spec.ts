import { createHash, createHmac } from 'node:crypto';
import { jwtWithBodyHash } from './index.js';
import { keyOf, post } from './request.fixture.js';

const SECRET = 'a-secret-of-some-length';
const NOW_SECONDS = 1_700_000_000;
const CLOCK = { nowMs: NOW_SECONDS * 1000 };
const sha256 = (body: string) => createHash('sha256').update(body).digest('hex');

// Netlify: hex hash in a claim, no times. Vonage: the same behind "Bearer ".
const netlify = jwtWithBodyHash({
  header: 'X-Webhook-Signature',
  issuer: 'netlify',
  bodyClaim: { name: 'sha256', encoding: 'hex' },
  defaultToleranceSeconds: 0,
  freshClaims: ({ bodyHash }) => ({ iss: 'netlify', sha256: bodyHash }),
});
const vonage = jwtWithBodyHash({
  header: 'Authorization',
  valuePrefix: 'Bearer ',
  issuer: 'Vonage',
  bodyClaim: { name: 'payload_hash', encoding: 'hex' },
  defaultToleranceSeconds: 30,
  freshClaims: ({ bodyHash, nowSeconds }) => ({ iss: 'Vonage', iat: nowSeconds, payload_hash: bodyHash }),
});

function token(claims: object, header: object = { typ: 'JWT', alg: 'HS256' }): string {
  const input = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`;
}

describe('a JWT with the hash of the body in hex', () => {
  const keys = [keyOf(netlify, SECRET)];
  const verify = (value: string, body = '{}') =>
    netlify.verify(post(body, [['X-Webhook-Signature', value]]), keys, CLOCK);

  test('needs no times', async () => {
    expect(await verify(token({ iss: 'netlify', sha256: sha256('{}') }))).toEqual({
      ok: true,
      keyId: 'key-1',
      signedAtMs: null,
    });
  });

  test.each([
    ['capitals', sha256('{}').toUpperCase()],
    ['the hash of another body', sha256('[]')],
    ['a longer text', `${sha256('{}')}00`],
    ['half of a surrogate pair', '\ud800'.repeat(64)],
  ])('refuses %s', async (_what, hash) => {
    expect(await verify(token({ iss: 'netlify', sha256: hash }))).toEqual({
      ok: false,
      reason: 'claim_invalid',
    });
  });

  test('refuses a body hash with a long row of padding in it', async () => {
    expect(await verify(token({ iss: 'netlify', sha256: `${'='.repeat(2500)}x` }))).toEqual({
      ok: false,
      reason: 'claim_invalid',
    });
  });

  test('says nothing of a time that is none', async () => {
    for (const iat of [1e300, -1e300]) {
      expect(await verify(token({ iss: 'netlify', sha256: sha256('{}'), iat }))).toMatchObject({
        ok: true,
        signedAtMs: null,
      });
    }
  });
});

describe('a JWT behind a word', () => {
  const keys = [keyOf(vonage, SECRET)];
  const genuine = token({ iss: 'Vonage', iat: NOW_SECONDS - 7, payload_hash: sha256('{}') });
  const verify = (value: string) => vonage.verify(post('{}', [['Authorization', value]]), keys, CLOCK);

  test('is read after exactly that word', async () => {
    expect(await verify(`Bearer ${genuine}`)).toEqual({
      ok: true,
      keyId: 'key-1',
      signedAtMs: (NOW_SECONDS - 7) * 1000,
    });
    for (const value of [genuine, `Basic ${genuine}`, `bearer ${genuine}`, 'Bearer ', 'Bearer']) {
      expect(await verify(value)).toEqual({ ok: false, reason: 'signature_malformed' });
    }
  });

  test('is signed behind it', async () => {
    const headers = (await vonage.sign?.(post('{}'), keys, CLOCK)) ?? [];
    expect(headers[0]?.[1]).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
    expect(await vonage.verify(post('{}', headers), keys, CLOCK)).toMatchObject({ ok: true });
  });

  test('takes 30 s of tolerance where its provider does', async () => {
    const expired = (seconds: number) =>
      token({ iss: 'Vonage', exp: NOW_SECONDS - seconds, payload_hash: sha256('{}') });
    expect(await verify(`Bearer ${expired(29)}`)).toMatchObject({ ok: true });
    expect(await verify(`Bearer ${expired(30)}`)).toEqual({
      ok: false,
      reason: 'timestamp_outside_tolerance',
    });
  });
});

describe('a JWT whose issuer stands in the secret (LiveKit)', () => {
  const livekit = jwtWithBodyHash({
    header: 'Authorization',
    isIssuerInSecret: true,
    bodyClaim: { name: 'sha256', encoding: 'base64' },
    lifetime: 'expiry',
    defaultToleranceSeconds: 10,
    freshClaims: ({ bodyHash, issuer, nowSeconds }) => ({
      iss: issuer,
      exp: nowSeconds + 300,
      sha256: bodyHash,
    }),
  });
  const keys = [keyOf(livekit, `APIone:${SECRET}`, 'one'), keyOf(livekit, `APItwo:${SECRET}`, 'two')];
  const hash = createHash('sha256').update('{}').digest('base64');
  const claims = { iss: 'APItwo', exp: NOW_SECONDS + 5, sha256: hash };
  const reasonOf = async (given: object) => {
    const verdict = await livekit.verify(post('{}', [['Authorization', token(given)]]), keys, CLOCK);
    return verdict.ok ? verdict.keyId : verdict.reason;
  };

  test.each<[what: string, claims: object, outcome: string]>([
    ['the second issuer', claims, 'two'],
    ['the first issuer', { ...claims, iss: 'APIone' }, 'one'],
    ['an issuer whose secret nobody gave', { ...claims, iss: 'APIthree' }, 'claim_invalid'],
    ['no issuer', { ...claims, iss: undefined }, 'claim_invalid'],
    ['no expiry', { ...claims, exp: undefined }, 'claim_invalid'],
    ['an expiry 9 s ago', { ...claims, exp: NOW_SECONDS - 9 }, 'two'],
    ['an expiry 10 s ago', { ...claims, exp: NOW_SECONDS - 10 }, 'timestamp_outside_tolerance'],
    ['a hash without its padding', { ...claims, sha256: hash.replace('=', '') }, 'claim_invalid'],
    ['a hash in hex', { ...claims, sha256: sha256('{}') }, 'claim_invalid'],
    ['no hash', { ...claims, sha256: undefined }, 'claim_invalid'],
  ])('with %s: %s', async (_what, given, outcome) => {
    expect(await reasonOf(given)).toBe(outcome);
  });

  test('is signed in the name of the issuer', async () => {
    const headers = (await livekit.sign?.(post('{}'), keys, CLOCK)) ?? [];
    expect(await livekit.verify(post('{}', headers), keys, CLOCK)).toMatchObject({ ok: true, keyId: 'one' });
  });

  test.each([SECRET, `:${SECRET}`, 'APIone:', 'APIone:short', `two words:${SECRET}`, ` APIone:${SECRET}`])(
    'has no key in the text %j',
    (text) => {
      expect(livekit.prepareKey(text).ok).toBe(false);
    },
  );
});

describe('a JWT that says nothing of the body (monday.com)', () => {
  const monday = jwtWithBodyHash({
    header: 'Authorization',
    urlClaim: 'aud',
    lifetime: 'expiry',
    defaultToleranceSeconds: 0,
    freshClaims: ({ url, nowSeconds }) => ({ aud: url, exp: nowSeconds + 300 }),
  });
  const aud = post('').url;
  const reasonOf = async (claims: object) => {
    const request = post('any body', [['Authorization', token(claims)]]);
    const verdict = await monday.verify(request, [keyOf(monday, SECRET)], CLOCK);
    return verdict.ok ? 'accepted' : verdict.reason;
  };

  test('is good for its URL until it expires, whoever its issuer is', async () => {
    expect(await reasonOf({ aud, exp: NOW_SECONDS + 1 })).toBe('accepted');
    expect(await reasonOf({ aud, exp: NOW_SECONDS + 1, iss: 'anybody' })).toBe('accepted');
    expect(await reasonOf({ aud: `${aud}/x`, exp: NOW_SECONDS + 1 })).toBe('claim_invalid');
    expect(await reasonOf({ exp: NOW_SECONDS + 1 })).toBe('claim_invalid');
    expect(await reasonOf({ aud })).toBe('claim_invalid');
    expect(await reasonOf({ aud, exp: NOW_SECONDS })).toBe('timestamp_outside_tolerance');
  });
});

describe('a JWT that is judged by its age (Vonage)', () => {
  const aged = jwtWithBodyHash({
    header: 'Authorization',
    issuer: 'Vonage',
    lifetime: 'age',
    defaultToleranceSeconds: 300,
    freshClaims: ({ nowSeconds }) => ({ iss: 'Vonage', iat: nowSeconds }),
  });
  const keys = [keyOf(aged, SECRET)];
  const reasonOf = async (claims: object, clock = CLOCK) => {
    const request = post('{}', [['Authorization', token({ iss: 'Vonage', ...claims })]]);
    const verdict = await aged.verify(request, keys, clock);
    return verdict.ok ? 'accepted' : verdict.reason;
  };

  test.each<[iat: unknown, outcome: string]>([
    [NOW_SECONDS - 300, 'accepted'],
    [NOW_SECONDS + 300, 'accepted'],
    [NOW_SECONDS - 301, 'timestamp_outside_tolerance'],
    [NOW_SECONDS + 301, 'timestamp_outside_tolerance'],
    [1e300, 'timestamp_outside_tolerance'],
    [String(NOW_SECONDS), 'claim_invalid'],
    [null, 'claim_invalid'],
    [undefined, 'claim_invalid'],
  ])('made at %s: %s', async (iat, outcome) => {
    expect(await reasonOf({ iat })).toBe(outcome);
  });

  test('takes the tolerance of the source before its own, and an expiry that is there', async () => {
    const clock = { ...CLOCK, toleranceSeconds: 10 };
    expect(await reasonOf({ iat: NOW_SECONDS - 11 }, clock)).toBe('timestamp_outside_tolerance');
    expect(await reasonOf({ iat: NOW_SECONDS, exp: NOW_SECONDS - 300 })).toBe('timestamp_outside_tolerance');
  });
});
