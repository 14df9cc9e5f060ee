import { createHash, createHmac } from 'node:crypto';
import { Receiver } from '@upstash/qstash';
import fc from 'fast-check';
import type { Key, SignedRequest, Verdict } from '#signatures';
import type { Callback } from '../preset.js';
import { qstash } from './qstash.js';

const CURRENT = 'sig_CurrentTestKey11111111111111';
const NEXT = 'sig_NextTestKey22222222222222222';
const OTHER = 'sig_OtherTestKey3333333333333333';
const URL_CALLED = 'https://inbox.example/in/acme/qstash/orders?x=1';
const BODY = '{"hello":"José 😀"}';
const NOW = 1_790_000_000;

type Claims = Record<string, unknown>;
type Shape = { claims?: Claims; header?: unknown; key?: string; hash?: string; payload?: string };

const b64 = (value: string | Buffer) => Buffer.from(value).toString('base64url');
const bodyHash = (body: string) => createHash('sha256').update(body).digest('base64url');

/** The claims of a genuine token, in its order. */
const genuine = (body = BODY): Claims => ({
  aud: '',
  body: `${bodyHash(body)}=`,
  exp: NOW + 290,
  iat: NOW - 10,
  iss: 'Upstash',
  jti: 'jwt_2yqkXRvNSiWfKt3GdJuFpzAEhmcv',
  nbf: NOW - 10,
  sub: URL_CALLED,
});

function without(...names: string[]): Claims {
  return Object.fromEntries(Object.entries(genuine()).filter(([name]) => !names.includes(name)));
}

function signed(input: string, key = CURRENT, hash = 'sha256'): string {
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`;
}

function token({
  claims = genuine(),
  header = { alg: 'HS256', typ: 'JWT' },
  key,
  hash,
  payload,
}: Shape = {}) {
  const input = `${b64(JSON.stringify(header))}.${payload ?? b64(JSON.stringify(claims))}`;
  return signed(input, key, hash);
}

const claim = (changes: Claims) => token({ claims: { ...genuine(), ...changes } });
const head = (header: unknown) => token({ header });

/** The signature segment in another spelling of the same bytes, or of others. */
function respelled(change: (signature: string) => string): string {
  const genuineToken = token();
  const cut = genuineToken.lastIndexOf('.') + 1;
  return genuineToken.slice(0, cut) + change(genuineToken.slice(cut));
}

/** 43 base64 characters hold 258 bits, so the last one has two that are thrown away. */
function otherLastCharacter(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(signature.slice(-1));
  return signature.slice(0, -1) + (alphabet[last ^ 1] ?? '');
}

const standardAlphabet = (text: string) => text.replaceAll('-', '+').replaceAll('_', '/');

/** One whose MAC has characters that differ between the alphabets. */
function standardAlphabetToken(): string {
  for (let number = 0; ; number += 1) {
    const candidate = claim({ jti: `jwt_${number}` });
    const mac = candidate.slice(candidate.lastIndexOf('.') + 1);
    if (/[-_]/.test(mac)) return candidate.slice(0, -mac.length) + standardAlphabet(mac);
  }
}

type Expected = 'ok' | Extract<Verdict, { ok: false }>['reason'];
type Row = readonly [name: string, token: string, expected: Expected, body?: string];

const ACCEPTED: readonly Row[] = [
  ['a genuine token', token(), 'ok'],
  ['one signed with the next key', token({ key: NEXT }), 'ok'],
  ['the body hash without padding', claim({ body: bodyHash(BODY) }), 'ok'],
  ['the body hash with too much padding', claim({ body: `${bodyHash(BODY)}====` }), 'ok'],
  ['an empty body', token({ claims: genuine('') }), 'ok', ''],
  ['a long body', token({ claims: genuine('x'.repeat(100_000)) }), 'ok', 'x'.repeat(100_000)],
  ['a body of one NUL', token({ claims: genuine('\0') }), 'ok', '\0'],
  ['nbf of 0', claim({ nbf: 0 }), 'ok'],
  ['the nbf of year 1', claim({ nbf: -62135596800 }), 'ok'],
  ['nbf of this very second', claim({ nbf: NOW }), 'ok'],
  ['a fractional nbf in the past', claim({ nbf: NOW - 0.5 }), 'ok'],
  ['exp in a second', claim({ exp: NOW + 1 }), 'ok'],
  ['exp in half a second', claim({ exp: NOW + 0.5 }), 'ok'],
  ['exp in ten years', claim({ exp: NOW + 315_360_000 }), 'ok'],
  ['iat in the future', claim({ iat: NOW + 3600 }), 'ok'],
  ['iat long ago', claim({ iat: 1 }), 'ok'],
  ['a negative iat', claim({ iat: -1 }), 'ok'],
  ['no aud', token({ claims: without('aud') }), 'ok'],
  ['no jti', token({ claims: without('jti') }), 'ok'],
  ['no iat', token({ claims: without('iat') }), 'ok'],
  ['no exp', token({ claims: without('exp') }), 'ok'],
  ['no nbf', token({ claims: without('nbf') }), 'ok'],
  ['none of the times', token({ claims: without('exp', 'nbf', 'iat') }), 'ok'],
  ['only what is asked for', token({ claims: without('exp', 'nbf', 'iat', 'aud', 'jti') }), 'ok'],
  ['some other audience', claim({ aud: 'somebody' }), 'ok'],
  ['a list of audiences', claim({ aud: ['a', 'b'] }), 'ok'],
  ['a numeric jti', claim({ jti: 7 }), 'ok'],
  ['a jti of null', claim({ jti: null }), 'ok'],
  ['claims nobody knows', claim({ extra: { deep: [1, 2, 3] } }), 'ok'],
  [
    'a claim called __proto__',
    token({ payload: b64(`{"__proto__":{"a":1},${JSON.stringify(genuine()).slice(1)}`) }),
    'ok',
  ],
  [
    'claims in another order',
    token({ claims: Object.fromEntries(Object.entries(genuine()).reverse()) }),
    'ok',
  ],
  ['claims with blanks between', token({ payload: b64(JSON.stringify(genuine(), null, 2)) }), 'ok'],
  [
    'iss twice, the last one right',
    token({ payload: b64(`{"iss":"x",${JSON.stringify(genuine()).slice(1)}`) }),
    'ok',
  ],
  [
    'an endless exp',
    token({ payload: b64(JSON.stringify(genuine()).replace(/"exp":\d+/, '"exp":1e999')) }),
    'ok',
  ],
  ['a padded payload', token({ payload: Buffer.from(JSON.stringify(genuine())).toString('base64') }), 'ok'],
  ['no typ', head({ alg: 'HS256' }), 'ok'],
  ['another typ', head({ alg: 'HS256', typ: 'at+jwt' }), 'ok'],
  ['typ before alg', head({ typ: 'JWT', alg: 'HS256' }), 'ok'],
  ['a kid', head({ alg: 'HS256', typ: 'JWT', kid: '../../etc/passwd' }), 'ok'],
  [
    'a jku and a jwk, which nobody follows',
    head({ alg: 'HS256', jku: 'https://evil.example/', jwk: { kty: 'oct', k: 'AA' } }),
    'ok',
  ],
  ['b64 true, marked critical', head({ alg: 'HS256', b64: true, crit: ['b64'] }), 'ok'],
  ['a padded signature', respelled((signature) => `${signature}=`), 'ok'],
  ['a signature in the standard alphabet', standardAlphabetToken(), 'ok'],
  ['other unused bits in the last character', respelled(otherLastCharacter), 'ok'],
  // Oddities that only a holder of the key can write, or that change nothing but the spelling of the MAC.
  ['a blank inside the MAC', respelled((mac) => `${mac.slice(0, 9)} ${mac.slice(9)}`), 'ok'],
  ['a foreign character inside the MAC', respelled((mac) => `${mac.slice(0, 9)}!${mac.slice(9)}`), 'ok'],
  ['a line feed after the MAC', `${token()}\n`, 'ok'],
  ['padding and more after the MAC', `${token()}=AAAA`, 'ok'],
  ['b64 false, not marked critical', head({ alg: 'HS256', b64: false }), 'ok'],
  ['b64 critical twice', head({ alg: 'HS256', crit: ['b64', 'b64'], b64: true }), 'ok'],
  ['a BOM before the claims', token({ payload: b64(`\uFEFF${JSON.stringify(genuine())}`) }), 'ok'],
  [
    'claims with bytes that are no UTF-8',
    token({
      payload: b64(
        Buffer.concat([
          Buffer.from(JSON.stringify(genuine()).slice(0, -1) + ',"x":"'),
          Buffer.from([0xff]),
          Buffer.from('"}'),
        ]),
      ),
    }),
    'ok',
  ],
];

const FORGED: readonly Row[] = [
  ['another key', token({ key: OTHER }), 'signature_mismatch'],
  ['the key without sig_', token({ key: CURRENT.slice(4) }), 'signature_mismatch'],
  ['a development key', token({ key: 'sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r' }), 'signature_mismatch'],
  ['the other development key', token({ key: 'sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs' }), 'signature_mismatch'],
  ['the empty key', token({ key: '' }), 'signature_mismatch'],
  ['both keys joined', token({ key: CURRENT + NEXT }), 'signature_mismatch'],
  ['another body', token(), 'claim_invalid', `${BODY} `],
  ['a body written again', token({ claims: genuine('{"a":1.0}') }), 'claim_invalid', '{"a":1}'],
  ['a body with a BOM in front', token(), 'claim_invalid', `\uFEFF${BODY}`],
  ['an empty body instead', token(), 'claim_invalid', ''],
  ['the hash of another body', claim({ body: bodyHash('other') }), 'claim_invalid'],
  [
    'the hash of another body, next key',
    token({ claims: { ...genuine(), body: 'x' }, key: NEXT }),
    'claim_invalid',
  ],
  ['the hash in hex', claim({ body: createHash('sha256').update(BODY).digest('hex') }), 'claim_invalid'],
  [
    'the hash in the standard alphabet',
    claim({ body: createHash('sha256').update('?>').digest('base64') }),
    'claim_invalid',
    '?>',
  ],
  ['the hash cut short', claim({ body: bodyHash(BODY).slice(0, 42) }), 'claim_invalid'],
  ['an empty hash', claim({ body: '' }), 'claim_invalid'],
  ['nothing but padding', claim({ body: '====' }), 'claim_invalid'],
  ['the padding in front', claim({ body: `=${bodyHash(BODY)}` }), 'claim_invalid'],
  ['no body claim', token({ claims: without('body') }), 'claim_invalid'],
  ['a body claim of null', claim({ body: null }), 'claim_invalid'],
  ['a body claim that is a number', claim({ body: 7 }), 'claim_invalid'],
  ['a body claim that is a list', claim({ body: [bodyHash(BODY)] }), 'claim_invalid'],
  ['a body claim that is an object', claim({ body: {} }), 'claim_invalid'],
  ['no iss', token({ claims: without('iss') }), 'claim_invalid'],
  ['iss in lower case', claim({ iss: 'upstash' }), 'claim_invalid'],
  ['iss with a blank', claim({ iss: 'Upstash ' }), 'claim_invalid'],
  ['an empty iss', claim({ iss: '' }), 'claim_invalid'],
  ['iss of null', claim({ iss: null }), 'claim_invalid'],
  ['iss as a list', claim({ iss: ['Upstash'] }), 'claim_invalid'],
  [
    'iss twice, the last one wrong',
    token({ payload: b64(JSON.stringify(genuine()).slice(0, -1) + ',"iss":"x"}') }),
    'claim_invalid',
  ],
  ['iss wrong, next key', token({ claims: { ...genuine(), iss: 'x' }, key: NEXT }), 'claim_invalid'],
  ['no sub', token({ claims: without('sub') }), 'claim_invalid'],
  ['an empty sub', claim({ sub: '' }), 'claim_invalid'],
  ['sub as a list', claim({ sub: [URL_CALLED] }), 'claim_invalid'],
  ['sub with http', claim({ sub: URL_CALLED.replace('https', 'http') }), 'claim_invalid'],
  ['sub with a port', claim({ sub: URL_CALLED.replace('.example', '.example:443') }), 'claim_invalid'],
  ['sub with the host in capitals', claim({ sub: URL_CALLED.replace('inbox', 'INBOX') }), 'claim_invalid'],
  ['sub without the query', claim({ sub: URL_CALLED.slice(0, -4) }), 'claim_invalid'],
  ['sub with a slash at the end', claim({ sub: `${URL_CALLED}/` }), 'claim_invalid'],
  ['sub of another source', claim({ sub: 'https://inbox.example/in/acme/other' }), 'claim_invalid'],
  ['exp as text', claim({ exp: String(NOW + 290) }), 'claim_invalid'],
  ['exp of null', claim({ exp: null }), 'claim_invalid'],
  ['nbf as text', claim({ nbf: String(NOW - 10) }), 'claim_invalid'],
  ['nbf of null', claim({ nbf: null }), 'claim_invalid'],
  ['nbf of true', claim({ nbf: true }), 'claim_invalid'],
  ['iat as text', claim({ iat: String(NOW - 10) }), 'claim_invalid'],
  ['iat of null', claim({ iat: null }), 'claim_invalid'],
  ['iat as an object', claim({ iat: {} }), 'claim_invalid'],
  ['exp of this very second', claim({ exp: NOW }), 'timestamp_outside_tolerance'],
  ['exp a second ago', claim({ exp: NOW - 1 }), 'timestamp_outside_tolerance'],
  ['exp of 0', claim({ exp: 0 }), 'timestamp_outside_tolerance'],
  ['a negative exp', claim({ exp: -1 }), 'timestamp_outside_tolerance'],
  [
    'an expired token of the next key',
    token({ claims: { ...genuine(), exp: NOW }, key: NEXT }),
    'timestamp_outside_tolerance',
  ],
  ['nbf in a second', claim({ nbf: NOW + 1 }), 'timestamp_outside_tolerance'],
  ['nbf in half a second', claim({ nbf: NOW + 0.5 }), 'timestamp_outside_tolerance'],
  ['nbf in milliseconds', claim({ nbf: NOW * 1000 }), 'timestamp_outside_tolerance'],
  [
    'an expired token with a wrong MAC',
    token({ claims: { ...genuine(), exp: NOW }, key: OTHER }),
    'signature_mismatch',
  ],
];

const [HEADER_SEGMENT = '', PAYLOAD_SEGMENT = '', MAC_SEGMENT = ''] = token().split('.');

const MALFORMED: readonly Row[] = [
  ['no text', '', 'signature_malformed'],
  ['a word', 'signature', 'signature_malformed'],
  ['the MAC alone', MAC_SEGMENT, 'signature_malformed'],
  ['two segments', `${HEADER_SEGMENT}.${PAYLOAD_SEGMENT}`, 'signature_malformed'],
  ['an empty MAC', `${HEADER_SEGMENT}.${PAYLOAD_SEGMENT}.`, 'signature_malformed'],
  ['an empty payload', `${HEADER_SEGMENT}..${MAC_SEGMENT}`, 'signature_mismatch'],
  ['an empty header', `.${PAYLOAD_SEGMENT}.${MAC_SEGMENT}`, 'signature_malformed'],
  ['four segments', `${token()}.${MAC_SEGMENT}`, 'signature_malformed'],
  ['five segments', `a.${token()}.b`, 'signature_malformed'],
  ['two dots', '..', 'signature_malformed'],
  ['Bearer in front', `Bearer ${token()}`, 'signature_malformed'],
  ['the MAC cut short', token().slice(0, -2), 'signature_malformed'],
  ['the MAC too long', `${token()}AAAA`, 'signature_malformed'],
  [
    'the MAC in hex',
    respelled((mac) => Buffer.from(mac, 'base64url').toString('hex')),
    'signature_malformed',
  ],
  [
    'the first bit of the MAC turned',
    respelled((mac) => (mac.startsWith('A') ? 'B' : 'A') + mac.slice(1)),
    'signature_mismatch',
  ],
  ['the payload of another token', `${HEADER_SEGMENT}.${b64('{}')}.${MAC_SEGMENT}`, 'signature_mismatch'],
  [
    'the header written differently',
    `${b64('{"typ":"JWT","alg":"HS256"}')}.${PAYLOAD_SEGMENT}.${MAC_SEGMENT}`,
    'signature_mismatch',
  ],
  ['a header that is no JSON', signed(`${b64('{')}.${PAYLOAD_SEGMENT}`), 'signature_malformed'],
  ['a header that is a list', head(['HS256']), 'signature_malformed'],
  ['a header of null', head(null), 'signature_malformed'],
  ['a header that is text', head('HS256'), 'signature_malformed'],
  ['an empty object as the header', head({}), 'signature_malformed'],
  ['alg none', head({ alg: 'none' }), 'signature_malformed'],
  ['alg none without a MAC', `${b64('{"alg":"none"}')}.${PAYLOAD_SEGMENT}.`, 'signature_malformed'],
  ['alg None', head({ alg: 'None' }), 'signature_malformed'],
  ['alg in lower case', head({ alg: 'hs256' }), 'signature_malformed'],
  ['alg with a blank', head({ alg: 'HS256 ' }), 'signature_malformed'],
  ['an empty alg', head({ alg: '' }), 'signature_malformed'],
  ['alg as a list', head({ alg: ['HS256'] }), 'signature_malformed'],
  ['alg of null', head({ alg: null }), 'signature_malformed'],
  ['alg RS256', head({ alg: 'RS256' }), 'signature_malformed'],
  ['alg ES256', head({ alg: 'ES256' }), 'signature_malformed'],
  ['alg EdDSA', head({ alg: 'EdDSA' }), 'signature_malformed'],
  ['alg HS1', head({ alg: 'HS1' }), 'signature_malformed'],
  ['alg HS384 over an HS256 MAC', head({ alg: 'HS384' }), 'signature_malformed'],
  ['alg HS512 over an HS256 MAC', head({ alg: 'HS512' }), 'signature_malformed'],
  ['alg HS256 over an HS512 MAC', token({ hash: 'sha512' }), 'signature_malformed'],
  ['a critical extension nobody knows', head({ alg: 'HS256', crit: ['exp'], exp: 1 }), 'signature_malformed'],
  ['an empty crit', head({ alg: 'HS256', crit: [] }), 'signature_malformed'],
  ['crit that is no list', head({ alg: 'HS256', crit: 'b64', b64: true }), 'signature_malformed'],
  ['crit of null', head({ alg: 'HS256', crit: null }), 'signature_malformed'],
  ['b64 critical but missing', head({ alg: 'HS256', crit: ['b64'] }), 'signature_malformed'],
  ['b64 false', head({ alg: 'HS256', crit: ['b64'], b64: false }), 'signature_malformed'],
  ['claims that are a list', token({ payload: b64('[]') }), 'signature_malformed'],
  ['claims of null', token({ payload: b64('null') }), 'signature_malformed'],
  ['claims that are text', token({ payload: b64('"Upstash"') }), 'signature_malformed'],
  ['claims that are a number', token({ payload: b64('1') }), 'signature_malformed'],
  ['claims that are no JSON', token({ payload: b64('{"iss":') }), 'signature_malformed'],
  ['claims with a comma too many', token({ payload: b64('{"iss":"Upstash",}') }), 'signature_malformed'],
  ['no claims', token({ payload: '' }), 'signature_malformed'],
  ['no claim in them', token({ claims: {} }), 'claim_invalid'],
];

const ROWS: readonly Row[] = [...ACCEPTED, ...FORGED, ...MALFORMED];

const receiver = new Receiver({ currentSigningKey: CURRENT, nextSigningKey: NEXT, devMode: false });

function keyOf(plainSecret: string, id: string): Key {
  const prepared = qstash.scheme.prepareKey(plainSecret);
  if (!prepared.ok) throw new Error(prepared.problem);
  return { id, material: prepared.material };
}

const KEYS = [keyOf(CURRENT, 'current'), keyOf(NEXT, 'next')];
const CLOCK = { nowMs: NOW * 1000 };

function request(signature: string, body: string | Buffer = BODY, url = URL_CALLED): SignedRequest {
  return { method: 'POST', url, headers: [['Upstash-Signature', signature]], body: Buffer.from(body) };
}

async function officialAccepts(signature: string, body = BODY, clockTolerance = 0): Promise<boolean> {
  return receiver.verify({ signature, body, url: URL_CALLED, clockTolerance }).catch(() => false);
}

// The Receiver reads the real clock; only that is replaced.
beforeAll(() => {
  const doNotFake = [
    'hrtime',
    'nextTick',
    'performance',
    'queueMicrotask',
    'setImmediate',
    'clearImmediate',
    'setInterval',
    'clearInterval',
    'setTimeout',
    'clearTimeout',
  ] as const;
  jest.useFakeTimers({ now: NOW * 1000, doNotFake: [...doNotFake] });
});
afterAll(() => jest.useRealTimers());

describe('the QStash scheme beside the official Receiver', () => {
  test('has more than a hundred tokens to compare, each of them once', () => {
    expect(ROWS.length).toBeGreaterThan(100);
    expect(new Set(ROWS.map(([name]) => name)).size).toBe(ROWS.length);
  });

  const rows = ROWS.map(
    ([name, signature, expected, body = BODY]) => [name, signature, expected, body] as const,
  );

  test.each(rows)('agrees on %s', async (_name, signature, expected, body) => {
    const verdict = await qstash.scheme.verify(request(signature, body), KEYS, CLOCK);
    expect(verdict.ok ? 'ok' : verdict.reason).toBe(expected);
    expect(await officialAccepts(signature, body)).toBe(expected === 'ok');
  });

  test.each([
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ])('is stricter on one point: %s with the right key is refused', async (alg, hash) => {
    const signature = token({ header: { alg, typ: 'JWT' }, hash });
    expect(await officialAccepts(signature)).toBe(true);
    expect(await qstash.scheme.verify(request(signature), KEYS, CLOCK)).toEqual({
      ok: false,
      reason: 'signature_malformed',
    });
  });

  test('takes bodies that are no text, which the Receiver cannot be handed', async () => {
    const body = Buffer.from('22ff22', 'hex');
    const signature = claim({ body: createHash('sha256').update(body).digest('base64url') });
    expect(await qstash.scheme.verify(request(signature, body), KEYS, CLOCK)).toMatchObject({ ok: true });
    expect(await qstash.scheme.verify(request(signature, Buffer.from('22fe22', 'hex')), KEYS, CLOCK)).toEqual(
      {
        ok: false,
        reason: 'claim_invalid',
      },
    );
    expect(await officialAccepts(signature, body.toString())).toBe(false);
  });

  test.each([
    ['exp 10 s ago', claim({ exp: NOW - 10 })],
    ['exp 9 s ago', claim({ exp: NOW - 9 })],
    ['nbf in 10 s', claim({ nbf: NOW + 10 })],
    ['nbf in 11 s', claim({ nbf: NOW + 11 })],
  ])('agrees within a tolerance of 10 s on %s', async (_name, signature) => {
    const verdict = await qstash.scheme.verify(request(signature), KEYS, { ...CLOCK, toleranceSeconds: 10 });
    expect(verdict.ok).toBe(await officialAccepts(signature, BODY, 10));
  });

  test('names the key that vouched and when it signed', async () => {
    const verdict = await qstash.scheme.verify(request(token({ key: NEXT })), KEYS, CLOCK);
    expect(verdict).toEqual({ ok: true, keyId: 'next', signedAtMs: (NOW - 10) * 1000 });
  });

  test('refuses a missing header, a repeated one and a source without keys', async () => {
    const genuineRequest = request(token());
    const reasonOf = async (changed: SignedRequest, keys = KEYS) =>
      qstash.scheme.verify(changed, keys, CLOCK);
    const [pair] = genuineRequest.headers;
    if (pair === undefined) throw new Error('no header to repeat');
    expect(await reasonOf({ ...genuineRequest, headers: [] })).toEqual({
      ok: false,
      reason: 'signature_missing',
    });
    expect(await reasonOf({ ...genuineRequest, headers: [pair, pair] })).toEqual({
      ok: false,
      reason: 'signature_malformed',
    });
    expect(await reasonOf(genuineRequest, [])).toEqual({ ok: false, reason: 'no_secret' });
  });

  test('refuses a token longer than 4 KiB before it computes anything', async () => {
    const signature = claim({ padding: 'x'.repeat(4096) });
    expect(await qstash.scheme.verify(request(signature), KEYS, CLOCK)).toEqual({
      ok: false,
      reason: 'signature_malformed',
    });
  });

  test('accepts no token in which one character was changed for one of other bits', async () => {
    const genuineToken = token();
    // The last character carries two unused bits; all others are significant.
    const positions = fc.integer({ min: 0, max: genuineToken.length - 2 });
    await fc.assert(
      fc.asyncProperty(
        positions,
        fc.constantFrom('A', 'z', '0', '-', '_', '.'),
        async (position, character) => {
          fc.pre(genuineToken[position] !== character);
          const altered = genuineToken.slice(0, position) + character + genuineToken.slice(position + 1);
          expect(await qstash.scheme.verify(request(altered), KEYS, CLOCK)).toMatchObject({ ok: false });
        },
      ),
    );
  });
});

describe('what we sign for QStash receivers', () => {
  const sign = async (body: string | Buffer, keys = KEYS) => {
    const headers = (await qstash.scheme.sign?.({ ...request('', body), headers: [] }, keys, CLOCK)) ?? [];
    return headers[0]?.[1] ?? '';
  };

  test('verifies in the official Receiver, for any text as the body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (body) => {
        expect(await officialAccepts(await sign(body), body)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('verifies in our own verifier', async () => {
    expect(await qstash.scheme.verify(request(await sign(BODY)), KEYS, CLOCK)).toEqual({
      ok: true,
      keyId: 'current',
      signedAtMs: (NOW - 5) * 1000,
    });
  });

  test('has the claims of a genuine token in its order, with the safest values', async () => {
    const [headerSegment = '', payload = ''] = (await sign(BODY)).split('.');
    expect(Buffer.from(headerSegment, 'base64url').toString()).toBe('{"alg":"HS256","typ":"JWT"}');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
    expect(Object.keys(claims)).toEqual(['aud', 'body', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sub']);
    expect(claims).toEqual({
      ...genuine(),
      exp: NOW + 300,
      iat: NOW - 5,
      nbf: NOW - 5,
      jti: expect.stringMatching(/^jwt_[1-9A-HJ-NP-Za-km-z]{28}$/) as string,
    });
  });

  test('is another token each time', async () => {
    expect(await sign(BODY)).not.toBe(await sign(BODY));
  });

  test('uses the first key', async () => {
    const verdict = await qstash.scheme.verify(request(await sign(BODY, [...KEYS].reverse())), KEYS, CLOCK);
    expect(verdict).toMatchObject({ keyId: 'next' });
  });
});

describe('the keys of QStash', () => {
  test.each(['sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r', 'sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs'])(
    'never include the published development key %s',
    (published) => {
      expect(qstash.scheme.prepareKey(published)).toEqual({
        ok: false,
        problem: expect.stringContaining('published') as string,
      });
    },
  );

  test.each(['', 'sig_', '        ', `${CURRENT} `])('are never %j', (plainSecret) => {
    expect(qstash.scheme.prepareKey(plainSecret).ok).toBe(false);
  });
});

describe('what is read from a QStash message', () => {
  const callback = (headers: Callback['headers']): Callback => ({ ...request(''), headers, json: undefined });

  test('knows a message again by its id, whatever attempt it is', () => {
    const first = callback([
      ['upstash-message-id', 'msg_1'],
      ['upstash-retried', '0'],
    ]);
    const retry = callback([
      ['Upstash-Message-Id', 'msg_1'],
      ['Upstash-Retried', '1'],
    ]);
    expect(qstash.eventId?.(first)).toBe('msg_1');
    expect(qstash.eventId?.(retry)).toBe('msg_1');
  });

  test('reads the run of a workflow and finds none elsewhere', () => {
    expect(qstash.runId?.(callback([['upstash-workflow-runid', 'wfr_1']]))).toBe('wfr_1');
    expect(qstash.runId?.(callback([]))).toBeNull();
  });
});
