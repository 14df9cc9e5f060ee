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

  test('takes a long row of padding no longer to refuse than a short one', async () => {
    const started = process.hrtime.bigint();
    const hash = `${'='.repeat(2500)}x`;
    for (let round = 0; round < 100; round += 1) {
      expect(await verify(token({ iss: 'netlify', sha256: hash }))).toEqual({
        ok: false,
        reason: 'claim_invalid',
      });
    }
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(2000);
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
