import { createHash } from 'node:crypto';
import { digestWithSecret } from './index.js';
import { keyOf, post } from './request.fixture.js';

const SECRET = 'a-secret-of-some-length';
const CLOCK = { nowMs: 1_700_000_000_000 };
const sha256 = (...pieces: readonly (string | Buffer)[]) =>
  pieces.reduce((sink, piece) => sink.update(piece), createHash('sha256')).digest('hex');

describe('a digest that begins with the secret', () => {
  const scheme = digestWithSecret({
    header: 'X-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${secret}${body}',
  });
  const keys = [keyOf(scheme, SECRET)];
  const verify = (body: string | Buffer, signature: string) =>
    scheme.verify(post(body, [['X-Signature', signature]]), keys, CLOCK);

  test('is verified and signed', () => {
    expect(verify('{}', sha256(SECRET, '{}'))).toEqual({ ok: true, keyId: 'key-1', signedAtMs: null });
    expect(scheme.sign?.(post('{}'), keys, CLOCK)).toEqual([['X-Signature', sha256(SECRET, '{}')]]);
    expect(verify('{}', sha256('{}', SECRET))).toEqual({ ok: false, reason: 'signature_mismatch' });
    expect(verify('{}', sha256('{}'))).toEqual({ ok: false, reason: 'signature_mismatch' });
  });

  test('cannot be extended by somebody who saw one: what is appended begins with padding, which is no text', () => {
    const body = Buffer.from('{"amount":1}');
    const bits = Buffer.alloc(8);
    bits.writeBigUInt64BE(BigInt((SECRET.length + body.length) * 8));
    const unpadded = SECRET.length + body.length + 1 + 8;
    const padding = Buffer.concat([Buffer.from([0x80]), Buffer.alloc((64 - (unpadded % 64)) % 64), bits]);
    const extended = Buffer.concat([body, padding, Buffer.from(',"amount":1000000}')]);
    // The attacker computes this very digest from the genuine one, without the secret.
    expect(verify(extended, sha256(SECRET, extended))).toEqual({ ok: false, reason: 'signature_mismatch' });
  });
});

test('a digest of fields that stands among them is verified, and not signed', () => {
  // The scheme of Midtrans' notifications.
  const scheme = digestWithSecret({
    signature: { json: '/signature_key' },
    algorithm: 'sha512',
    encoding: 'hex',
    content: '${json:/order_id}${json:/status_code}${json:/gross_amount}${secret}',
  });
  const keys = [keyOf(scheme, SECRET)];
  const signature = createHash('sha512').update(`o-120010000.00${SECRET}`).digest('hex');
  const body = (order: string) =>
    JSON.stringify({
      order_id: order,
      status_code: '200',
      gross_amount: '10000.00',
      signature_key: signature,
    });
  expect(scheme.verify(post(body('o-1')), keys, CLOCK)).toMatchObject({ ok: true });
  expect(scheme.verify(post(body('o-2')), keys, CLOCK)).toEqual({ ok: false, reason: 'signature_mismatch' });
  expect(scheme).not.toHaveProperty('sign');
});

test('the order in which a provider puts its parts is kept', () => {
  // The scheme of Lark's events.
  const scheme = digestWithSecret({
    header: 'X-Lark-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${timestamp}${header:X-Lark-Request-Nonce}${secret}${body}',
    timestamp: { header: 'X-Lark-Request-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
  });
  const headers = (nonce: string) =>
    [
      ['X-Lark-Request-Timestamp', '1700000000'],
      ['X-Lark-Request-Nonce', nonce],
      ['X-Lark-Signature', sha256('1700000000', 'n', SECRET, '{}')],
    ] as const;
  const keys = [keyOf(scheme, SECRET)];
  expect(scheme.verify(post('{}', headers('n')), keys, CLOCK)).toMatchObject({ ok: true });
  expect(scheme.verify(post('{}', headers('m')), keys, CLOCK)).toMatchObject({ ok: false });
});

test('a template without the secret is found when the scheme is made', () => {
  const options = {
    header: 'X-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${body}',
  } as const;
  expect(() => digestWithSecret(options)).toThrow(RangeError);
});

test('behind what a function gives, the secret comes last, and what it refuses is refused', () => {
  const scheme = digestWithSecret({
    header: 'X-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: ({ body }) => (body.length === 0 ? { ok: false, reason: 'signature_missing' } : ['a', body]),
  });
  const keys = [keyOf(scheme, SECRET)];
  const signature = sha256('a', '{}', SECRET);
  const verify = (body: string) => scheme.verify(post(body, [['X-Signature', signature]]), keys, CLOCK);
  expect(verify('{}')).toMatchObject({ ok: true, keyId: 'key-1' });
  expect(verify('[]')).toEqual({ ok: false, reason: 'signature_mismatch' });
  expect(verify('')).toEqual({ ok: false, reason: 'signature_missing' });
  expect(scheme.sign?.(post('{}'), keys, CLOCK)).toEqual([['X-Signature', signature]]);
  expect(() => scheme.sign?.(post(''), keys, CLOCK)).toThrow('cannot sign');
});
