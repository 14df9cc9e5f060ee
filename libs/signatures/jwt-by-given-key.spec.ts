import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { jwtByGivenKey, refused } from './index.js';
import { keyOf, post } from './request.fixture.js';

const NOW_SECONDS = 1_790_000_000;
const CLOCK = { nowMs: NOW_SECONDS * 1000 };
const SECRET = 'a-secret-of-some-length';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const jwk = (key: KeyObject) => JSON.stringify(key.export({ format: 'jwk' }));
const base64 = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).toString('base64');

const anyKey = jwtByGivenKey({
  place: { header: 'X-Token' },
  algorithms: ['HS256', 'HS384', 'HS512', 'RS256', 'ES256', 'EdDSA'],
  bodyClaim: { name: 'hash', encoding: 'base64' },
  lifetime: 'claims',
  defaultToleranceSeconds: 0,
});
const wholeBody = jwtByGivenKey({
  place: 'body',
  algorithms: ['RS256'],
  lifetime: 'expiry',
  defaultToleranceSeconds: 0,
});

type Signer = (content: string) => Buffer;
const mac =
  (algorithm: string, secret: string): Signer =>
  (content) =>
    createHmac(algorithm, secret).update(content).digest();
const by =
  (key: KeyObject): Signer =>
  (content) =>
    sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.from(content), {
      key,
      dsaEncoding: 'ieee-p1363',
    });

const CLAIMS = { hash: createHash('sha256').update('{}').digest('base64') };

function token(alg: string, signer: Signer, claims: object = CLAIMS, header: object = {}): string {
  const content = [{ alg, ...header }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${content}.${signer(content).toString('base64url')}`;
}

async function outcome(key: string, value: string, body = '{}'): Promise<string> {
  const verdict = await anyKey.verify(post(body, [['X-Token', value]]), [keyOf(anyKey, key)], CLOCK);
  return verdict.ok ? 'accepted' : verdict.reason;
}

describe('a token by a key that was pasted', () => {
  test.each<[alg: string, key: string, signer: Signer]>([
    ['HS256', SECRET, mac('sha256', SECRET)],
    ['HS384', SECRET, mac('sha384', SECRET)],
    ['HS512', SECRET, mac('sha512', SECRET)],
    ['RS256', pem(rsa.publicKey), by(rsa.privateKey)],
    ['RS256', `${pem(rsa.publicKey)}\n`, by(rsa.privateKey)],
    ['ES256', jwk(p256.publicKey), by(p256.privateKey)],
    ['ES256', base64(p256.publicKey), by(p256.privateKey)],
    ['EdDSA', jwk(ed25519.publicKey), by(ed25519.privateKey)],
  ])('%s is accepted with %j', async (alg, key, signer) => {
    expect(await outcome(key, token(alg, signer))).toBe('accepted');
    expect(await outcome(key, token(alg, signer), '[]')).toBe('claim_invalid');
    expect(
      await outcome(
        key,
        token(alg, (content) => signer(`${content}x`)),
      ),
    ).toBe('signature_mismatch');
  });

  test('is refused with the public key used as a secret, in every spelling of it', async () => {
    for (const text of [
      pem(rsa.publicKey),
      pem(rsa.publicKey).trim(),
      base64(rsa.publicKey),
      jwk(rsa.publicKey),
    ])
      expect(await outcome(text, token('HS256', mac('sha256', text)))).toBe('signature_mismatch');
  });

  test.each<[what: string, value: string]>([
    ['none', token('none', () => Buffer.from('x'))],
    ['an algorithm that is not configured', token('PS256', by(rsa.privateKey))],
    ['a critical extension', token('RS256', by(rsa.privateKey), CLAIMS, { crit: ['x'], x: 1 })],
    ['nothing', ''],
    ['two dots', '..'],
  ])('is malformed with %s', async (_what, value) => {
    expect(await outcome(pem(rsa.publicKey), value)).toBe('signature_malformed');
  });

  test('is refused after an expiry that it has, and needs none', async () => {
    const expired = token('HS256', mac('sha256', SECRET), { ...CLAIMS, exp: NOW_SECONDS });
    expect(await outcome(SECRET, expired)).toBe('timestamp_outside_tolerance');
    expect(anyKey).toMatchObject({
      signsTimestamp: false,
      defaultToleranceSeconds: null,
      secretUse: 'compute',
    });
  });
});

describe('the text of such a key', () => {
  const problem = (scheme: typeof anyKey, text: string) => {
    const prepared = scheme.prepareKey(text);
    return prepared.ok ? null : prepared.problem;
  };

  test.each<[what: string, text: string, problem: string]>([
    ['a private key', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'private key'],
    ['a private JWK', JSON.stringify(p256.privateKey.export({ format: 'jwk' })), 'private key'],
    ['a weak RSA key', pem(weak.publicKey), 'kind, curve or length'],
    ['a mangled PEM', pem(rsa.publicKey).replace('MII', 'M'), 'not a public key'],
    ['a cut PEM without its armour', base64(rsa.publicKey).slice(0, 200), 'not a public key'],
    ['a symmetric JWK', '{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAA"}', 'not a public key'],
    ['an OpenSSH key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample', 'not a public key'],
    ['a short secret', 'short', 'shorter than 8 bytes'],
    ['a secret with a blank behind it', `${SECRET} `, 'white space'],
    ['an endless text', 'x'.repeat(10_000), 'too long'],
  ])('is refused when it is %s', (_what, text, expected) => {
    expect(problem(anyKey, text)).toContain(expected);
  });

  test('is no secret where the provider only signs with key pairs', () => {
    expect(problem(wholeBody, SECRET)).toContain('not a public key');
    expect(problem(wholeBody, pem(p256.publicKey))).toContain('cannot verify RS256');
    expect(problem(wholeBody, pem(rsa.publicKey))).toBeNull();
    expect(wholeBody.secretUse).toBe('public');
  });
});

describe('a body that is a token', () => {
  const keys = [keyOf(wholeBody, pem(rsa.publicKey))];
  const verify = (body: string) => wholeBody.verify(post(body), keys, CLOCK);
  const claims = { data: '{}', iat: NOW_SECONDS - 5, exp: NOW_SECONDS + 5 };

  test('is accepted until it expires, and must say when', async () => {
    const genuine = token('RS256', by(rsa.privateKey), claims);
    expect(await verify(genuine)).toEqual({ ok: true, keyId: 'key-1', signedAtMs: (NOW_SECONDS - 5) * 1000 });
    const { iat, exp } = claims;
    expect(await verify(token('RS256', by(rsa.privateKey), { iat }))).toEqual(refused('claim_invalid'));
    expect(await verify(token('RS256', by(rsa.privateKey), { exp: exp - 5 }))).toEqual(
      refused('timestamp_outside_tolerance'),
    );
  });

  test.each(['', '{}', 'a.b', 'é.é.é', `${token('RS256', by(rsa.privateKey), claims)}\n`])(
    'is missing in %j',
    async (body) => {
      expect(await verify(body)).toEqual(refused('signature_missing'));
    },
  );
});
