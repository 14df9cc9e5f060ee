import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { hmacOverUrl } from './index.js';
import type { HeaderPairs } from './index.js';
import { keyOf, post, withHeaders } from './request.fixture.js';

const SECRET = 'auth-token-of-some-length';
const CLOCK = { nowMs: 0 };
const FORM: HeaderPairs = [['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8']];
const URL_TOLD = 'https://inbox.example/in/acme/twilio?foo=1';

const scheme = hmacOverUrl({
  header: 'X-Twilio-Signature',
  algorithm: 'sha1',
  encoding: 'base64',
  bodyHashParameter: 'bodySHA256',
  isDefaultPortOptional: true,
  areValuesDistinct: true,
});
const keys = [keyOf(scheme, SECRET)];
const signatureOf = (content: string) => createHmac('sha1', SECRET).update(content).digest('base64');
const verify = (body: string | Buffer, content: string, url = URL_TOLD) =>
  scheme.verify(post(body, [...FORM, ['X-Twilio-Signature', signatureOf(content)]], url), keys, CLOCK);

describe('an HMAC over the URL and the sorted form', () => {
  test.each([
    ['the names sorted', 'b=2&a=1', 'a1b2'],
    ['escapes and plus signs undone', 'To=%2B1800&Body=a+b%20c', 'Bodya b cTo+1800'],
    ['empty values and names', 'a=&b&=c', 'cab'],
    ['equal values once', 'a=2&a=1&a=2', 'a1a2'],
    ['text beyond ASCII, raw or escaped', 'a=é&b=%C3%A9', 'aébé'],
    ['an equals sign in a value', 'a=b=c', 'ab=c'],
    ['capitals before small letters', 'a=1&B=2', 'B2a1'],
    ['nothing for an empty body', '', ''],
  ])('signs %s', (_what, body, form) => {
    expect(verify(body, URL_TOLD + form)).toMatchObject({ ok: true });
  });

  test('keeps equal values where the provider does', () => {
    const plain = hmacOverUrl({ header: 'X-Signature', algorithm: 'sha1', encoding: 'base64' });
    const request = post(
      'a=2&a=1&a=2',
      [...FORM, ['X-Signature', signatureOf(`${URL_TOLD}a2a1a2`)]],
      URL_TOLD,
    );
    expect(plain.verify(request, [keyOf(plain, SECRET)], CLOCK)).toMatchObject({ ok: true });
  });

  test('binds a body that is no form too', () => {
    expect(verify('{"a":1}', URL_TOLD)).toEqual({ ok: false, reason: 'signature_mismatch' });
    expect(verify('{"a":1}', `${URL_TOLD}{"a":1}`)).toMatchObject({ ok: true });
  });

  test.each([
    ['a stray percent sign', Buffer.from('a=%')],
    ['an escape that is no UTF-8', Buffer.from('a=%FF')],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0x3d, 0xff])],
    ['more than a thousand parameters', Buffer.from('a&'.repeat(1000))],
  ])('vouches for no form with %s', (_what, body) => {
    expect(verify(body, URL_TOLD)).toEqual({ ok: false, reason: 'signature_mismatch' });
    expect(verify(body, `${URL_TOLD}a\uFFFD`)).toEqual({ ok: false, reason: 'signature_mismatch' });
  });

  test('finds a missing signature before it looks at the form', () => {
    expect(scheme.verify(post('a=%', FORM), keys, CLOCK)).toEqual({ ok: false, reason: 'signature_missing' });
    expect(scheme.verify(post('a=1', FORM), [], CLOCK)).toEqual({ ok: false, reason: 'no_secret' });
  });

  test('verifies what it signs, whatever the parameters', () => {
    const parameters = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(parameters, (pairs) => {
        const request = post(new URLSearchParams(pairs).toString(), FORM, URL_TOLD);
        const signed = withHeaders(request, scheme.sign(request, keys, CLOCK));
        expect(scheme.verify(signed, keys, CLOCK)).toMatchObject({ ok: true });
        const altered = { ...signed, body: Buffer.concat([signed.body, Buffer.from('&added=1')]) };
        expect(scheme.verify(altered, keys, CLOCK)).toEqual({ ok: false, reason: 'signature_mismatch' });
      }),
    );
  });
});

describe('the address of a fresh request', () => {
  const address = (body: string, headers: HeaderPairs, url = 'https://app.example/twilio') =>
    scheme.address?.(post(body, headers, url));
  const HASH = createHash('sha256').update('{"a":1}').digest('hex');

  test('holds the hash of a body that is no form', () => {
    expect(address('{"a":1}', [])).toBe(`https://app.example/twilio?bodySHA256=${HASH}`);
    expect(address('{"a":1}', [], 'https://app.example/?b=1')).toBe(
      `https://app.example/?b=1&bodySHA256=${HASH}`,
    );
  });

  test.each([
    ['a form', 'a=1', FORM, 'https://app.example/'],
    ['no body', '', [], 'https://app.example/'],
    ['a URL that holds one', '{"a":1}', [], 'https://app.example/?bodySHA256=ab'],
  ])('is the URL itself with %s', (_what, body, headers, url) => {
    expect(address(body, headers, url)).toBe(url);
  });

  test('is what the signature of such a body is verified at', () => {
    const request = post('{"a":1}', [], address('{"a":1}', []));
    expect(scheme.verify(withHeaders(request, scheme.sign(request, keys, CLOCK)), keys, CLOCK)).toMatchObject(
      {
        ok: true,
      },
    );
  });
});

describe('the URL of such a signature', () => {
  test.each([
    ['https://a.example/x', 'https://a.example:443/x'],
    ['https://a.example:443/x', 'https://a.example/x'],
    ['http://a.example', 'http://a.example:80'],
    ['https://user:pass@a.example/?q', 'https://user:pass@a.example:443/?q'],
    ['https://[::1]/x', 'https://[::1]:443/x'],
  ])('%s may have been signed as %s', (told, signed) => {
    expect(verify('a=1', `${told}a1`, told)).toMatchObject({ ok: true });
    expect(verify('a=1', `${signed}a1`, told)).toMatchObject({ ok: true });
  });

  test.each([
    ['https://a.example:8443/x', 'https://a.example/x'],
    ['https://a.example/x', 'http://a.example/x'],
    ['https://a.example/x', 'https://a.example:80/x'],
    ['https://a.example/x', 'https://a.example/x/'],
    ['https://a.example/x?b=1&a=2', 'https://a.example/x?a=2&b=1'],
  ])('%s may not have been signed as %s', (told, signed) => {
    expect(verify('a=1', `${signed}a1`, told)).toEqual({ ok: false, reason: 'signature_mismatch' });
  });
});

describe('a body whose hash stands in the URL', () => {
  const body = '{"a":1}';
  const sha256 = createHash('sha256').update(body).digest('hex');
  const url = `https://a.example/x?bodySHA256=${sha256}`;

  test('is bound by the hash', () => {
    expect(verify(body, url, url)).toMatchObject({ ok: true });
    expect(verify('{"a":2}', url, url)).toEqual({ ok: false, reason: 'signature_mismatch' });
    expect(verify('', url, url)).toEqual({ ok: false, reason: 'signature_mismatch' });
  });

  test.each([
    `${url}&bodySHA256=${sha256}`,
    'https://a.example/x?bodySHA256=',
    'https://a.example/x?bodySHA256=00',
  ])('is refused with %s', (other) => {
    expect(verify(body, other, other)).toEqual({ ok: false, reason: 'signature_mismatch' });
  });
});
