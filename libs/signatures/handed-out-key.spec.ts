import { createHash, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';
import { SignJWT } from 'jose';
import {
  type HandedOutKeys,
  jwtByHandedOutKey,
  parseJson,
  type PublishedDocuments,
  refused,
  signatureByHandedOutKey,
} from './index.js';
import { keyOf, post } from './request.fixture.js';

const NOW_SECONDS = 1_790_000_000;
const CLOCK = { nowMs: NOW_SECONDS * 1000 };
const CREDENTIALS = 'client-one:a-secret-of-some-length';
const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });

const answer = (key: typeof own.publicKey) => Buffer.from(JSON.stringify(key.export({ format: 'jwk' })));
const keyHandling: HandedOutKeys = {
  keyId: /^[a-z0-9-]{1,16}$/,
  ask: (ask, { clientId, secret }, keyId) =>
    ask('https://provider.example/keys', {
      method: 'POST',
      headers: [['Authorization', `${clientId} ${secret}`]],
      body: keyId,
      name: keyId,
    }),
  read: (document) => {
    const key = parseJson(document);
    return typeof key === 'object' && key !== null
      ? createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
      : null;
  },
};

/** Answers by account name and key id, and notes what it was asked. */
function provider(
  answers: Readonly<Record<string, Buffer>>,
): PublishedDocuments & { readonly asked: string[] } {
  const asked: string[] = [];
  const published: PublishedDocuments = (url, wanted, asking) => {
    const authorization = asking?.headers[0]?.[1] ?? '';
    asked.push(`${wanted} ${asking?.method} ${url} ${authorization} ${asking?.name}`);
    return Promise.resolve(answers[`${authorization.split(' ')[0]}/${asking?.body}`] ?? null);
  };
  return Object.assign(published, { asked });
}

const jwt = jwtByHandedOutKey({
  header: 'X-Token',
  algorithms: ['ES256'],
  bodyClaim: { name: 'hash', encoding: 'hex' },
  toleranceSeconds: 300,
  keys: keyHandling,
});
const keys = [keyOf(jwt, CREDENTIALS)];
const CLAIMS = { iat: NOW_SECONDS, hash: createHash('sha256').update('{}').digest('hex') };

async function token(claims: object = CLAIMS, header: object = {}, key = own.privateKey): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'key-a', ...header }).sign(key);
}

async function outcome(value: string, published: PublishedDocuments, body = '{}'): Promise<string> {
  const verdict = await jwt.verify(post(body, [['X-Token', value]]), keys, CLOCK, published);
  return verdict.ok ? 'accepted' : verdict.reason;
}

describe('a token whose key is handed out to customers', () => {
  const known = () => provider({ 'client-one/key-a': answer(own.publicKey) });

  test('is accepted with the key that the credentials got, which are asked with once', async () => {
    const published = known();
    expect(await outcome(await token(), published)).toBe('accepted');
    expect(published.asked).toEqual([
      'cached POST https://provider.example/keys client-one a-secret-of-some-length key-a',
    ]);
  });

  test.each<[what: string, claims: object, outcome: string]>([
    ['an age of 300 s', { ...CLAIMS, iat: NOW_SECONDS - 300 }, 'accepted'],
    ['an age of 301 s', { ...CLAIMS, iat: NOW_SECONDS - 301 }, 'timestamp_outside_tolerance'],
    ['a time to come', { ...CLAIMS, iat: NOW_SECONDS + 301 }, 'timestamp_outside_tolerance'],
    ['no time', { hash: CLAIMS.hash }, 'claim_invalid'],
    ['no hash', { iat: NOW_SECONDS }, 'claim_invalid'],
    ['an expiry that has passed', { ...CLAIMS, exp: NOW_SECONDS - 300 }, 'timestamp_outside_tolerance'],
  ])('with %s: %s', async (_what, claims, expected) => {
    expect(await outcome(await token(claims), known())).toBe(expected);
  });

  test('is refused for another body and by another signer', async () => {
    expect(await outcome(await token(), known(), '[]')).toBe('claim_invalid');
    expect(await outcome(await token(CLAIMS, {}, foreign.privateKey), known())).toBe('signature_mismatch');
  });

  test.each<[what: string, header: object]>([
    ['that is none', { kid: undefined }],
    ['that is no text', { kid: 7 }],
    ['that leads elsewhere', { kid: '../admin' }],
    ['that never ends', { kid: 'a'.repeat(17) }],
  ])('with a key id %s is malformed, and nobody is asked', async (_what, header) => {
    const published = known();
    expect(await outcome(await token(CLAIMS, header), published)).toBe('signature_malformed');
    expect(published.asked).toEqual([]);
  });

  test('is looked for once more when nothing is known of its key, then refused', async () => {
    const published = known();
    expect(await outcome(await token(CLAIMS, { kid: 'key-b' }), published)).toBe('no_secret');
    expect(published.asked.map((asked) => asked.split(' ')[0])).toEqual(['cached', 'refreshed']);
  });

  test('is refused by a key of another curve, and when nobody asks', async () => {
    const other = provider({ 'client-one/key-a': answer(p384.publicKey) });
    expect(await outcome(await token(), other)).toBe('signature_mismatch');
    const request = post('{}', [['X-Token', await token()]]);
    expect(await jwt.verify(request, keys, CLOCK)).toEqual(refused('no_secret'));
    expect(await jwt.verify(request, [], CLOCK, known())).toEqual(refused('no_secret'));
  });

  test('names the credentials that got the key, whichever stand first', async () => {
    const published = provider({
      'client-one/key-a': answer(own.publicKey),
      'client-two/key-a': answer(foreign.publicKey),
    });
    const two = keyOf(jwt, 'client-two:a-secret-of-some-length', 'two');
    const request = post('{}', [['X-Token', await token()]]);
    for (const given of [
      [...keys, two],
      [two, ...keys],
    ])
      expect(await jwt.verify(request, given, CLOCK, published)).toMatchObject({ ok: true, keyId: 'key-1' });
    expect(await jwt.verify(request, [two], CLOCK, published)).toEqual(refused('signature_mismatch'));
  });
});

describe('credentials', () => {
  test('are told apart by a digest that shows nothing of them', async () => {
    const accounts: (string | undefined)[] = [];
    const published: PublishedDocuments = (_url, _wanted, asking) => {
      accounts.push(asking?.account);
      return Promise.resolve(answer(own.publicKey));
    };
    const request = post('{}', [['X-Token', await token()]]);
    for (const text of [CREDENTIALS, CREDENTIALS, 'client-one:another-secret-of-length'])
      await jwt.verify(request, [keyOf(jwt, text)], CLOCK, published);
    const [first, second, third] = accounts;
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test.each([
    '',
    ' ',
    'no-colon-in-a-long-enough-text',
    ':a-secret-of-some-length',
    'client-one:',
    'client-one:short',
    'client one:a-secret-of-some-length',
    'client-one:a-secret-of-some-length\n',
    'client-one:a-secret\r\nX-Injected: of-length',
    'client-one:a-sécret-of-some-length',
  ])('are not in %j, and the problem does not repeat it', (text) => {
    const prepared = jwt.prepareKey(text);
    expect(prepared.ok).toBe(false);
    if (!prepared.ok && text.length > 5) expect(prepared.problem).not.toContain(text.trim());
  });

  test('are a secret to be kept', () => {
    expect(jwt.secretUse).toBe('compute');
  });
});

describe('a bare signature whose key is handed out to customers', () => {
  const scheme = signatureByHandedOutKey({
    header: 'X-Signature',
    hash: 'sha1',
    read: (value) => {
      const [keyId = '', text = ''] = value.split(' ');
      return text === '' ? null : { keyId, signature: Buffer.from(text, 'base64') };
    },
    keys: keyHandling,
  });
  const published = provider({
    'client-one/key-a': answer(own.publicKey),
    'client-one/key-c': answer(p384.publicKey),
  });
  const verify = async (value: string, body = '{}') => {
    const request = post(body, [['X-Signature', value]]);
    const verdict = await scheme.verify(request, [keyOf(scheme, CREDENTIALS)], CLOCK, published);
    return verdict.ok ? 'accepted' : verdict.reason;
  };
  const signed = (keyId: string, key = own.privateKey, hash = 'sha1') =>
    `${keyId} ${sign(hash, Buffer.from('{}'), key).toString('base64')}`;

  test('is verified over the body, with the configured hash and curve only', async () => {
    expect(await verify(signed('key-a'))).toBe('accepted');
    expect(await verify(signed('key-a'), '[]')).toBe('signature_mismatch');
    expect(await verify(signed('key-a', own.privateKey, 'sha256'))).toBe('signature_mismatch');
    expect(await verify(signed('key-a', foreign.privateKey))).toBe('signature_mismatch');
    expect(await verify(signed('key-c', p384.privateKey))).toBe('signature_mismatch');
    expect(await verify(signed('key-b'))).toBe('no_secret');
    expect(await verify(signed('KEY/A'))).toBe('signature_malformed');
    expect(await verify('key-a')).toBe('signature_malformed');
  });
});
