import { isUtf8 } from 'node:buffer';
import { generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import {
  digestWithSecret,
  hmac,
  jwtWithBodyHash,
  publicKey,
  standardWebhooks,
  standardWebhooksAsymmetric,
  SVIX_HEADERS,
  WEBHOOK_HEADERS,
} from './index.js';
import type { Key, Scheme, SignatureHeaders, SignedRequest } from './index.js';
import { keyOf, post, TIMED_IN_ONE_HEADER, withHeaders } from './request.fixture.js';

const NOW_MS = 1_790_000_000_123;
const CLOCK = { nowMs: NOW_MS };

/** A scheme, two keys of it, and somebody who signs with the first or the second. */
interface Family {
  readonly name: string;
  readonly scheme: Scheme;
  readonly keys: readonly [Key, Key];
  readonly stranger: Key;
  sign(request: SignedRequest, signer: 0 | 1): Promise<SignatureHeaders> | SignatureHeaders;
  /** The body must be UTF-8, because the secret stands before it. */
  readonly isTextOnly?: boolean;
  /** The last character of the header has unused bits, in which all its spellings are accepted. */
  readonly isLastCharacterLoose?: boolean;
}

function shared(name: string, scheme: Scheme, secrets: readonly [string, string, string]): Family {
  const [first, second, stranger] = secrets;
  const keys = [keyOf(scheme, first, 'first'), keyOf(scheme, second, 'second')] as const;
  return {
    name,
    scheme,
    keys,
    stranger: keyOf(scheme, stranger, 'stranger'),
    sign: (request, signer) => {
      if (scheme.sign === undefined) throw new Error(`${name} does not sign`);
      return scheme.sign(request, [keys[signer]], CLOCK);
    },
  };
}

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

function asymmetric(
  name: string,
  scheme: Scheme,
  makePair: () => Pair,
  write: {
    text(key: KeyObject): string;
    headers(request: SignedRequest, privateKey: KeyObject): SignatureHeaders;
  },
): Family {
  const [first, second, stranger] = [makePair(), makePair(), makePair()];
  return {
    name,
    scheme,
    keys: [
      keyOf(scheme, write.text(first.publicKey), 'first'),
      keyOf(scheme, write.text(second.publicKey), 'second'),
    ],
    stranger: keyOf(scheme, write.text(stranger.publicKey), 'stranger'),
    sign: (request, signer) => write.headers(request, (signer === 0 ? first : second).privateKey),
  };
}

const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const rawKey = (key: KeyObject) => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
const ed25519 = () => generateKeyPairSync('ed25519');
const p256 = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const SECONDS = String(Math.floor(NOW_MS / 1000));

const TEXT_SECRETS = [
  'first-secret-0123456789',
  'second-secret-0123456789',
  'stranger-secret-0123456789',
] as const;
const WHSEC = [1, 2, 3].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);
const WHSEC_SECRETS = [WHSEC[0] ?? '', WHSEC[1] ?? '', WHSEC[2] ?? ''] as const;

const stripe = hmac(TIMED_IN_ONE_HEADER);

const FAMILIES: readonly Family[] = [
  shared(
    'HMAC of the body, hex',
    hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' }),
    TEXT_SECRETS,
  ),
  shared(
    'HMAC of the body, SHA-1 hex with a prefix',
    hmac({
      header: 'X-Hub-Signature',
      algorithm: 'sha1',
      encoding: 'hex',
      grammar: { kind: 'bare', prefix: 'sha1=' },
    }),
    TEXT_SECRETS,
  ),
  shared(
    'HMAC of the body, SHA-512 base64',
    hmac({ header: 'X-Signature', algorithm: 'sha512', encoding: 'base64' }),
    TEXT_SECRETS,
  ),
  shared(
    'HMAC of the body, base64url',
    hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'base64url' }),
    TEXT_SECRETS,
  ),
  shared('timestamped HMAC in one header', stripe, TEXT_SECRETS),
  shared(
    'timestamped HMAC in one header, by position',
    hmac({ ...TIMED_IN_ONE_HEADER, grammar: { kind: 'positional', separator: ',' } }),
    TEXT_SECRETS,
  ),
  shared(
    'timestamped HMAC with a template and a header for the time',
    hmac({
      header: 'X-Slack-Signature',
      algorithm: 'sha256',
      encoding: 'hex',
      grammar: { kind: 'bare', prefix: 'v0=' },
      content: 'v0:${timestamp}:${body}',
      timestamp: { header: 'X-Slack-Request-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
    }),
    TEXT_SECRETS,
  ),
  shared(
    'several signatures in one header',
    hmac({
      header: 'X-Signatures',
      algorithm: 'sha256',
      encoding: 'hex',
      grammar: { kind: 'list', separator: ',', prefix: 'v1=' },
    }),
    TEXT_SECRETS,
  ),
  shared(
    'HMAC over URL and body',
    hmac({ header: 'X-Square', algorithm: 'sha256', encoding: 'base64', content: '${url}${body}' }),
    TEXT_SECRETS,
  ),
  shared(
    'HMAC-MD5 of the body',
    hmac({ header: 'X-Signature', algorithm: 'md5', encoding: 'hex' }),
    TEXT_SECRETS,
  ),
  shared(
    'HMAC of the body, base64 of hex',
    hmac({ header: 'X-Signature', algorithm: 'sha384', encoding: 'base64-of-hex' }),
    TEXT_SECRETS,
  ),
  shared(
    'groups of time and signature',
    hmac({
      header: 'Persona-Signature',
      algorithm: 'sha256',
      encoding: 'hex',
      grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't', groupSeparator: ' ' },
      content: '${timestamp}.${body}',
      timestamp: { unit: 'seconds', toleranceSeconds: 300 },
    }),
    TEXT_SECRETS,
  ),
  {
    ...shared(
      'digest that begins with the secret',
      digestWithSecret({
        header: 'X-Signature',
        algorithm: 'sha256',
        encoding: 'hex',
        content: '${secret}${body}',
      }),
      TEXT_SECRETS,
    ),
    isTextOnly: true,
  },
  shared(
    'digest that ends with the secret',
    digestWithSecret({
      header: 'X-Signature',
      algorithm: 'sha512',
      encoding: 'hex',
      content: '${body}${timestamp}${secret}',
      timestamp: { header: 'X-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
    }),
    TEXT_SECRETS,
  ),
  shared('Standard Webhooks', standardWebhooks(), WHSEC_SECRETS),
  shared('Svix', standardWebhooks({ headers: [SVIX_HEADERS, WEBHOOK_HEADERS] }), WHSEC_SECRETS),
  {
    ...shared(
      'JWT with a body hash',
      jwtWithBodyHash({
        header: 'X-Token',
        issuer: 'issuer',
        bodyClaim: { name: 'body', encoding: 'base64url' },
        urlClaim: 'sub',
        defaultToleranceSeconds: 0,
        freshClaims: ({ bodyHash, nowSeconds, url }) => ({
          body: bodyHash,
          exp: nowSeconds + 300,
          iss: 'issuer',
          nbf: nowSeconds,
          sub: url,
        }),
      }),
      TEXT_SECRETS,
    ),
    isLastCharacterLoose: true,
  },
  asymmetric(
    'Ed25519',
    publicKey({
      header: 'X-Signature-Ed25519',
      algorithm: { kind: 'ed25519' },
      encoding: 'hex-any-case',
      key: { format: 'raw-hex' },
      content: '${timestamp}${body}',
      timestamp: { header: 'X-Signature-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
    }),
    ed25519,
    {
      text: (key) => rawKey(key).toString('hex'),
      headers: ({ body }, key) => [
        [
          'X-Signature-Ed25519',
          signBytes(null, Buffer.concat([Buffer.from(SECONDS), body]), key).toString('hex'),
        ],
        ['X-Signature-Timestamp', SECONDS],
      ],
    },
  ),
  asymmetric('Standard Webhooks with a key pair', standardWebhooksAsymmetric(), ed25519, {
    text: (key) => `whpk_${rawKey(key).toString('base64')}`,
    headers: ({ body }, key) => [
      ['webhook-id', 'msg_1'],
      ['webhook-timestamp', SECONDS],
      [
        'webhook-signature',
        `v1a,${signBytes(null, Buffer.concat([Buffer.from(`msg_1.${SECONDS}.`), body]), key).toString('base64')}`,
      ],
    ],
  }),
  asymmetric(
    'ECDSA, DER',
    publicKey({
      header: 'X-Signature',
      algorithm: { kind: 'ecdsa', hash: 'sha256', curve: 'P-256', signature: 'der' },
      encoding: 'base64',
      key: { format: 'spki-base64' },
    }),
    p256,
    {
      text: (key) => key.export({ type: 'spki', format: 'der' }).toString('base64'),
      headers: ({ body }, key) => [['X-Signature', signBytes('sha256', body, key).toString('base64')]],
    },
  ),
  asymmetric(
    'ECDSA, P1363',
    publicKey({
      header: 'X-Signature',
      algorithm: { kind: 'ecdsa', hash: 'sha256', curve: 'P-256', signature: 'p1363' },
      encoding: 'base64',
      key: { format: 'pem' },
    }),
    p256,
    {
      text: pem,
      headers: ({ body }, key) => [
        ['X-Signature', signBytes('sha256', body, { key, dsaEncoding: 'ieee-p1363' }).toString('base64')],
      ],
    },
  ),
  asymmetric(
    'RSA',
    publicKey({
      header: 'X-Signature',
      algorithm: { kind: 'rsa', hash: 'sha256' },
      encoding: 'base64',
      key: { format: 'pem' },
    }),
    rsa,
    {
      text: pem,
      headers: ({ body }, key) => [['X-Signature', signBytes('sha256', body, key).toString('base64')]],
    },
  ),
];

describe.each(FAMILIES.map((family) => [family.name, family] as const))('%s', (_name, family) => {
  const { scheme, keys, stranger } = family;
  const names = scheme.signatureHeaders;
  const signed = async (body: string | Buffer, signer: 0 | 1 = 0) => {
    const request = post(body, [['Content-Type', 'application/json']]);
    return withHeaders(request, await family.sign(request, signer));
  };
  const verify = async (request: SignedRequest, given: readonly Key[] = keys, clock = CLOCK) =>
    scheme.verify(request, given, clock);
  const present = ({ headers }: SignedRequest) =>
    names.filter((name) => headers.some(([other]) => other === name));

  test.each([
    ['JSON', Buffer.from('{"a":1}')],
    ['nothing', Buffer.alloc(0)],
    ['bytes that are no text', Buffer.from([0x22, 0xff, 0x22])],
    ['a NUL', Buffer.from([0])],
    ['100 kB', Buffer.alloc(100_000, 'x')],
  ])('accepts a body of %s and names the key', async (_what, body) => {
    if (family.isTextOnly === true && !isUtf8(body)) {
      expect(await verify(await signed(body))).toEqual({ ok: false, reason: 'signature_mismatch' });
      return;
    }
    expect(await verify(await signed(body))).toMatchObject({ ok: true, keyId: 'first' });
    expect(await verify(await signed(body, 1))).toMatchObject({ ok: true, keyId: 'second' });
  });

  test('accepts header names in any case', async () => {
    const request = await signed('{}');
    const shouted = request.headers.map(([name, value]) => [name.toUpperCase(), value] as const);
    expect(await verify({ ...request, headers: shouted })).toMatchObject({ ok: true });
  });

  test('refuses the signature of a stranger, and everything when there is no key', async () => {
    expect(await verify(await signed('{}'), [stranger])).toEqual({ ok: false, reason: 'signature_mismatch' });
    expect(await verify(await signed('{}'), [])).toEqual({ ok: false, reason: 'no_secret' });
  });

  test('refuses a request in which any of its headers is missing', async () => {
    const request = await signed('{}');
    for (const missing of present(request)) {
      const headers = request.headers.filter(([name]) => name !== missing);
      expect([missing, await verify({ ...request, headers })]).toEqual([
        missing,
        { ok: false, reason: 'signature_missing' },
      ]);
    }
  });

  test('refuses a request in which any of its headers stands twice, even with the same value', async () => {
    const request = await signed('{}');
    for (const pair of request.headers.filter(([name]) => names.includes(name))) {
      const twice = withHeaders(request, [[pair[0].toLowerCase(), pair[1]]]);
      expect(await verify(twice)).toEqual({ ok: false, reason: 'signature_malformed' });
    }
  });

  test.each([
    '',
    ' ',
    ',',
    '=',
    'v1=',
    'v1,',
    't=1',
    'sha256=',
    '\0',
    'undefined',
    '[object Object]',
    'a'.repeat(5000),
  ])('refuses %j in the place of the signature', async (value) => {
    const request = await signed('{}');
    const headers = request.headers.map(([name, old]) => [name, name === names[0] ? value : old] as const);
    // A family whose only header may be spelled in two ways has its second one tested by its own spec.
    if (!headers.some(([name]) => name === names[0])) return;
    expect(await verify({ ...request, headers })).toEqual({ ok: false, reason: 'signature_malformed' });
  });

  test('refuses every single flipped bit of a body of 300 bytes and of its headers', async () => {
    const request = await signed(Buffer.alloc(300, 'abc'));
    expect(await verify(request)).toMatchObject({ ok: true });
    // RSA and elliptic curves take too long for all 2,400 bits: every byte, one bit each.
    const bits = scheme.secretUse === 'compute' ? [0, 1, 2, 3, 4, 5, 6, 7] : [0];
    for (let index = 0; index < request.body.length; index += 1) {
      for (const bit of bits) {
        const body = Buffer.from(request.body);
        body[index] = (body[index] ?? 0) ^ (1 << bit);
        if ((await verify({ ...request, body })).ok) throw new Error(`accepted bit ${bit} of byte ${index}`);
      }
    }
    for (const name of present(request)) {
      const value = request.headers.find(([other]) => other === name)?.[1] ?? '';
      const length = value.length - (family.isLastCharacterLoose === true ? 1 : 0);
      for (let index = 0; index < length; index += 1) {
        for (const bit of bits) {
          const altered =
            value.slice(0, index) +
            String.fromCharCode(value.charCodeAt(index) ^ (1 << bit)) +
            value.slice(index + 1);
          const headers = request.headers.map(
            ([other, old]) => [other, other === name ? altered : old] as const,
          );
          // Hex in any case: the bit that makes a letter a capital changes the spelling and not the signature.
          const isSpellingOnly = altered.toLowerCase() === value.toLowerCase() && /^[0-9a-f]+$/.test(value);
          if (!isSpellingOnly && (await verify({ ...request, headers })).ok)
            throw new Error(`accepted ${name}: ${altered}`);
        }
      }
    }
  });

  test('refuses a signature that was cut, lengthened or padded', async () => {
    const request = await signed('{}');
    const first = present(request)[0];
    const changed = (change: (value: string) => string) => ({
      ...request,
      headers: request.headers.map(
        ([name, value]) => [name, name === first ? change(value) : value] as const,
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 40 }), async (count) => {
        expect((await verify(changed((value) => value.slice(0, -count)))).ok).toBe(false);
        expect((await verify(changed((value) => value.slice(count)))).ok).toBe(false);
        expect((await verify(changed((value) => value + 'A'.repeat(count)))).ok).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  test('neither throws nor accepts anything that nobody signed', async () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.base64String({ maxLength: 90 }),
      fc.constant(SECONDS),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(anything, { minLength: names.length, maxLength: names.length }),
        fc.uint8Array(),
        async (values, body) => {
          const headers = names.map((name, index) => [name, values[index] ?? ''] as const);
          const verdict = await verify(post(Buffer.from(body), headers));
          expect(verdict.ok).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('accepts what it signs, whatever the body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const body = Buffer.from(bytes);
        if (family.isTextOnly === true && !isUtf8(body)) return;
        expect(await verify(await signed(body))).toMatchObject({ ok: true, keyId: 'first' });
      }),
      { numRuns: 20 },
    );
  });

  test.each(['', ' ', '\t\n', 'whsec_', 'whpk_', 'v1,whsec_', '\ud800'.repeat(32)])(
    'does not take %j for a key',
    (plain) => {
      expect(scheme.prepareKey(plain).ok).toBe(false);
    },
  );

  if (scheme.signsTimestamp && scheme.name !== 'jwt') {
    test.each([
      [-299, true],
      [299, true],
      [-301, false],
      [301, false],
    ])('judges a clock that is %d s off', async (seconds, isAccepted) => {
      const verdict = await verify(await signed('{}'), keys, { nowMs: NOW_MS + seconds * 1000 });
      const { ok } = verdict;
      expect(verdict.ok ? 'accepted' : verdict.reason).toBe(
        isAccepted ? 'accepted' : 'timestamp_outside_tolerance',
      );
      expect(ok).toBe(isAccepted);
    });

    test('takes the tolerance it is given before its own', async () => {
      const request = await signed('{}');
      const late = NOW_MS + 3_600_000;
      expect(await scheme.verify(request, keys, { nowMs: late, toleranceSeconds: 3601 })).toMatchObject({
        ok: true,
      });
      expect(await scheme.verify(request, keys, { nowMs: late, toleranceSeconds: 3599 })).toMatchObject({
        ok: false,
      });
    });
  }
});
