import { constants, createPrivateKey, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { publicKey } from './index.js';
import type { PublicKeyOptions } from './index.js';
import { keyOf, post } from './request.fixture.js';

const CLOCK = { nowMs: 0 };
const base = { header: 'X-Signature', encoding: 'base64' } as const;
const ed25519: PublicKeyOptions = {
  ...base,
  encoding: 'hex-any-case',
  algorithm: { kind: 'ed25519' },
  key: { format: 'raw-hex' },
};
const ecdsa = (curve: 'P-256' | 'P-384', signature: 'der' | 'p1363'): PublicKeyOptions => ({
  ...base,
  algorithm: { kind: 'ecdsa', hash: 'sha256', curve, signature },
  key: { format: 'pem' },
});
const rsa: PublicKeyOptions = { ...base, algorithm: { kind: 'rsa', hash: 'sha256' }, key: { format: 'pem' } };

const problemOf = (options: PublicKeyOptions, text: string) => {
  const prepared = publicKey(options).prepareKey(text);
  return prepared.ok ? null : prepared.problem;
};

describe('Ed25519', () => {
  // RFC 8032 section 7.1, tests 1 to 3: public key, message, signature.
  test.each([
    [
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('verifies the vectors of RFC 8032 (%s)', async (key, message, signature) => {
    const scheme = publicKey(ed25519);
    const verify = (value: string, body = Buffer.from(message, 'hex')) =>
      scheme.verify(post(body, [['X-Signature', value]]), [keyOf(scheme, key)], CLOCK);
    expect(await verify(signature)).toMatchObject({ ok: true });
    expect(await verify(signature.toUpperCase())).toMatchObject({ ok: true });
    expect(await verify(signature, Buffer.from('other'))).toEqual({
      ok: false,
      reason: 'signature_mismatch',
    });
    expect(await verify(signature.slice(2))).toEqual({ ok: false, reason: 'signature_malformed' });
  });
});

describe('the two ways to write an ECDSA signature', () => {
  const { publicKey: key, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const text = key.export({ type: 'spki', format: 'pem' }).toString();
  const verify = (options: PublicKeyOptions, signature: Buffer) => {
    const scheme = publicKey(options);
    return scheme.verify(
      post('{}', [['X-Signature', signature.toString('base64')]]),
      [keyOf(scheme, text)],
      CLOCK,
    );
  };

  test('are not taken for each other', async () => {
    const der = signBytes('sha256', Buffer.from('{}'), privateKey);
    const p1363 = signBytes('sha256', Buffer.from('{}'), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    expect(await verify(ecdsa('P-256', 'der'), der)).toMatchObject({ ok: true });
    expect(await verify(ecdsa('P-256', 'p1363'), p1363)).toMatchObject({ ok: true });
    expect((await verify(ecdsa('P-256', 'der'), p1363)).ok).toBe(false);
    expect((await verify(ecdsa('P-256', 'p1363'), der)).ok).toBe(false);
  });

  test.each(['der', 'p1363'] as const)('%s with r = s = 0 is refused (CVE-2022-21449)', async (spelling) => {
    const zero = spelling === 'der' ? Buffer.from('3006020100020100', 'hex') : Buffer.alloc(64);
    expect(await verify(ecdsa('P-256', spelling), zero)).toEqual({ ok: false, reason: 'signature_mismatch' });
  });
});

describe('eBay: ECDSA over SHA-1, an old hash that is still in use', () => {
  test('is verified when the configuration says so (eBay/event-notification-nodejs-sdk test/test.json, key format)', async () => {
    const { publicKey: key, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const scheme = publicKey({
      ...ecdsa('P-256', 'der'),
      algorithm: { kind: 'ecdsa', hash: 'sha1', curve: 'P-256', signature: 'der' },
    });
    const keys = [keyOf(scheme, key.export({ type: 'spki', format: 'pem' }).toString())];
    const signed = (hash: string) => signBytes(hash, Buffer.from('{}'), privateKey).toString('base64');
    expect(await scheme.verify(post('{}', [['X-Signature', signed('sha1')]]), keys, CLOCK)).toMatchObject({
      ok: true,
    });
    expect(await scheme.verify(post('{}', [['X-Signature', signed('sha256')]]), keys, CLOCK)).toMatchObject({
      ok: false,
    });
  });
});

describe('the text of a public key', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = (key: typeof pair.publicKey) => key.export({ type: 'spki', format: 'pem' }).toString();

  test('may be PEM with a line feed at its end, as tools print it', () => {
    expect(problemOf(rsa, pem(pair.publicKey))).toBeNull();
    expect(problemOf(rsa, `${pem(pair.publicKey)}\r\n`)).toBeNull();
    expect(problemOf(rsa, pair.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString())).toBeNull();
  });

  test('may be PEM without its armour, in one line or several', () => {
    const lines = pem(p256.publicKey).split('\n').slice(1, -2);
    const options: PublicKeyOptions = { ...ecdsa('P-256', 'der'), key: { format: 'spki-base64' } };
    expect(problemOf(options, lines.join(''))).toBeNull();
    expect(problemOf(options, lines.join('\n'))).toBeNull();
  });

  test('is never a private key, which would be stored for all to see', () => {
    for (const type of ['pkcs1', 'pkcs8'] as const) {
      const text = pair.privateKey.export({ type, format: 'pem' }).toString();
      expect(createPrivateKey(text).type).toBe('private');
      expect(problemOf(rsa, text)).toBe('this is a private key; the public one is needed');
    }
  });

  test.each<[what: string, options: PublicKeyOptions, text: string, problem: string]>([
    ['of another kind', rsa, pem(p256.publicKey), 'not an RSA key'],
    ['of another kind', ecdsa('P-256', 'der'), pem(pair.publicKey), 'curve P-256'],
    ['on another curve', ecdsa('P-384', 'der'), pem(p256.publicKey), 'curve P-384'],
    ['too weak', rsa, pem(weak.publicKey), 'fewer than 2048 bits'],
    ['too short', ed25519, 'ab'.repeat(31), 'not a public key'],
    ['too long', ed25519, 'ab'.repeat(33), 'not a public key'],
    ['no hex', ed25519, 'zz'.repeat(32), 'not a public key'],
    ['no PEM', rsa, 'ssh-rsa AAAA', 'not a public key'],
    ['empty', rsa, ' ', 'empty'],
    ['endless', rsa, 'x'.repeat(10_000), 'too long'],
  ])('is refused when it is %s', (_what, options, text, problem) => {
    expect(problemOf(options, text)).toContain(problem);
  });
});

describe('RSA with PSS', () => {
  const { publicKey: key, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const text = key.export({ type: 'spki', format: 'pem' }).toString();
  const scheme = publicKey({ ...rsa, algorithm: { kind: 'rsa', hash: 'sha512', padding: 'pss' } });
  const verify = (signature: Buffer) =>
    scheme.verify(post('{}', [['X-Signature', signature.toString('base64')]]), [keyOf(scheme, text)], CLOCK);
  const padding = constants.RSA_PKCS1_PSS_PADDING;

  test.each([0, 64, constants.RSA_PSS_SALTLEN_MAX_SIGN])(
    'takes a salt of the length %d',
    async (saltLength) => {
      const signature = signBytes('sha512', Buffer.from('{}'), { key: privateKey, padding, saltLength });
      expect(await verify(signature)).toMatchObject({ ok: true });
    },
  );

  test('takes neither PKCS #1 v1.5, another hash, nor another content', async () => {
    const mismatch = { ok: false, reason: 'signature_mismatch' };
    expect(await verify(signBytes('sha512', Buffer.from('{}'), privateKey))).toEqual(mismatch);
    expect(await verify(signBytes('sha256', Buffer.from('{}'), { key: privateKey, padding }))).toEqual(
      mismatch,
    );
    expect(await verify(signBytes('sha512', Buffer.from('[]'), { key: privateKey, padding }))).toEqual(
      mismatch,
    );
  });
});

describe('the alphabets of URLs', () => {
  test('spell an Ed25519 key and its signature', async () => {
    const { publicKey: key, privateKey } = generateKeyPairSync('ed25519');
    const options: PublicKeyOptions = { ...ed25519, encoding: 'base64url', key: { format: 'raw-base64url' } };
    const scheme = publicKey(options);
    const keys = [keyOf(scheme, key.export({ format: 'jwk' }).x ?? '')];
    const signature = signBytes(null, Buffer.from('{}'), privateKey);
    const verify = (value: string) => scheme.verify(post('{}', [['X-Signature', value]]), keys, CLOCK);
    expect(await verify(signature.toString('base64url'))).toMatchObject({ ok: true });
    expect(await verify(signature.toString('base64'))).toEqual({ ok: false, reason: 'signature_malformed' });
    expect(problemOf(options, 'AAAA')).toMatch(/not a public key/);
  });

  test('escape base64, and what cannot be unescaped is malformed', async () => {
    const { publicKey: key, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const scheme = publicKey({ ...rsa, encoding: 'percent-encoded-base64' });
    const keys = [keyOf(scheme, key.export({ type: 'spki', format: 'pem' }).toString())];
    const signature = signBytes('sha256', Buffer.from('{}'), privateKey).toString('base64');
    const verify = (value: string) => scheme.verify(post('{}', [['X-Signature', value]]), keys, CLOCK);
    const malformed = { ok: false, reason: 'signature_malformed' };
    expect(await verify(encodeURIComponent(signature))).toMatchObject({ ok: true });
    for (const value of ['%', '%ff', encodeURIComponent(signature.slice(4)), `${signature}%0A`])
      expect(await verify(value)).toEqual(malformed);
  });
});
