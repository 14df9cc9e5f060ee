import { createHmac } from 'node:crypto';
import { hmac, readHeader } from './index.js';
import type { HeaderPairs } from './index.js';
import { keyOf, post, TIMED_IN_ONE_HEADER, withHeaders } from './request.fixture.js';

const CLOCK = { nowMs: 1_700_000_000_000 };
const SECRET = 'a-secret-of-some-length';
const OTHER = 'another-secret-of-some-length';
const hex = (content: string | Buffer, secret = SECRET) =>
  createHmac('sha256', secret).update(content).digest('hex');

describe('an HMAC with several signatures in its header', () => {
  const scheme = hmac(TIMED_IN_ONE_HEADER);
  const keys = [keyOf(scheme, SECRET, 'current'), keyOf(scheme, OTHER, 'next')];
  const genuine = hex('1700000000.{}');
  const verify = (value: string, given = keys) =>
    scheme.verify(post('{}', [['Stripe-Signature', value]]), given, CLOCK);
  const wrong = '0'.repeat(64);

  test.each([0, 1, 2, 3, 4, 5, 6, 7])('finds the right one at position %d of eight', (position) => {
    const all = Array.from({ length: 8 }, (_, index) => `v1=${index === position ? genuine : wrong}`);
    expect(verify(`t=1700000000,${all.join(',')}`)).toEqual({
      ok: true,
      keyId: 'current',
      signedAtMs: 1_700_000_000_000,
    });
  });

  test('reads no more than eight', () => {
    const all = [...Array.from({ length: 8 }, () => `v1=${wrong}`), `v1=${genuine}`];
    expect(verify(`t=1700000000,${all.join(',')}`)).toEqual({ ok: false, reason: 'signature_malformed' });
  });

  test.each([
    ['under the label of another version', `t=1700000000,v0=${genuine}`, 'signature_malformed'],
    ['with a second time', `t=1700000000,t=1700000001,v1=${genuine}`, 'signature_malformed'],
    ['without a time', `v1=${genuine}`, 'signature_malformed'],
    ['with another time than was signed', `t=1700000001,v1=${genuine}`, 'signature_mismatch'],
    ['with the time spelled differently', `t=01700000000,v1=${genuine}`, 'signature_malformed'],
    ['beside one that cannot be a signature', `t=1700000000,v1=${genuine},v1=x`, 'signature_malformed'],
  ])('refuses it %s', (_how, value, reason) => {
    expect(verify(value)).toEqual({ ok: false, reason });
  });

  test('names a wrong secret before a wrong time', () => {
    expect(verify(`t=1,v1=${hex('1.{}', OTHER)}`, keys.slice(0, 1))).toEqual({
      ok: false,
      reason: 'signature_mismatch',
    });
    expect(verify(`t=1,v1=${hex('1.{}')}`)).toEqual({ ok: false, reason: 'timestamp_outside_tolerance' });
  });

  test('signs with every live key, the current one first, and verifies with each alone', () => {
    const headers = scheme.sign(post('{}'), keys, CLOCK);
    expect(headers).toEqual([
      ['Stripe-Signature', `t=1700000000,v1=${genuine},v1=${hex('1700000000.{}', OTHER)}`],
    ]);
    for (const key of keys)
      expect(scheme.verify(post('{}', headers), [key], CLOCK)).toMatchObject({ ok: true, keyId: key.id });
  });

  test('signs with eight keys at most, because no more would be read', () => {
    const many = Array.from({ length: 12 }, (_, index) => keyOf(scheme, `${SECRET}-${index}`, String(index)));
    const headers = scheme.sign(post('{}'), many, CLOCK);
    expect(scheme.verify(post('{}', headers), many, CLOCK)).toMatchObject({ ok: true, keyId: '0' });
  });
});

describe('an HMAC with a group of fields for each key', () => {
  const scheme = hmac({
    header: 'Persona-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't', groupSeparator: ' ' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  });
  const keys = [keyOf(scheme, SECRET, 'current'), keyOf(scheme, OTHER, 'next')];
  const [ours, next] = [hex('1700000000.{}'), hex('1700000000.{}', OTHER)];
  const verify = (value: string, given = keys) =>
    scheme.verify(post('{}', [['Persona-Signature', value]]), given, CLOCK);

  test('is verified with either key and signed with both', () => {
    const both = `t=1700000000,v1=${ours} t=1700000000,v1=${next}`;
    expect(scheme.sign(post('{}'), keys, CLOCK)).toEqual([['Persona-Signature', both]]);
    for (const key of keys) expect(verify(both, [key])).toMatchObject({ ok: true, keyId: key.id });
    expect(verify(`t=1700000000,v1=${ours}`)).toMatchObject({ ok: true });
  });

  test.each([
    ['groups of different times', `t=1700000001,v1=${next} t=1700000000,v1=${ours}`],
    ['a group without a time', `t=1700000000,v1=${ours} v1=${next}`],
    ['a group without a signature', `t=1700000000,v1=${ours} t=1700000000`],
    ['nine groups', Array.from({ length: 9 }, () => `t=1700000000,v1=${ours}`).join(' ')],
  ])('refuses %s', (_what, value) => {
    expect(verify(value)).toEqual({ ok: false, reason: 'signature_malformed' });
  });
});

describe('an HMAC with a header for each key', () => {
  const scheme = hmac({
    header: ['Box-Signature-Primary', 'Box-Signature-Secondary'],
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${body}${timestamp}',
    timestamp: { header: 'Box-Delivery-Timestamp', unit: 'rfc3339', toleranceSeconds: 600 },
  });
  const first = keyOf(scheme, SECRET, 'first');
  const second = keyOf(scheme, OTHER, 'second');

  test('signs each header with its key, and either is enough', () => {
    const headers = scheme.sign(post('{}'), [first, second], CLOCK);
    expect(headers.map(([name]) => name)).toEqual([
      'Box-Signature-Primary',
      'Box-Signature-Secondary',
      'Box-Delivery-Timestamp',
    ]);
    expect(scheme.verify(post('{}', headers), [second], CLOCK)).toMatchObject({ ok: true, keyId: 'second' });
    const withoutSecond = headers.filter(([name]) => !name.endsWith('Secondary'));
    expect(scheme.verify(post('{}', withoutSecond), [first], CLOCK)).toMatchObject({
      ok: true,
      keyId: 'first',
    });
    expect(scheme.verify(post('{}', withoutSecond), [second], CLOCK)).toEqual({
      ok: false,
      reason: 'signature_mismatch',
    });
  });

  test('has one header when there is one key, and needs one of the two', () => {
    const headers = scheme.sign(post('{}'), [first], CLOCK);
    expect(headers).toHaveLength(2);
    expect(scheme.verify(post('{}', headers.slice(1)), [first], CLOCK)).toEqual({
      ok: false,
      reason: 'signature_missing',
    });
  });
});

describe('an HMAC with a time in the body', () => {
  const scheme = hmac({
    header: 'Linear-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    timestamp: { jsonPointer: '/webhookTimestamp', unit: 'milliseconds', toleranceSeconds: 60 },
  });
  const keys = [keyOf(scheme, SECRET)];
  const verify = (body: string) => scheme.verify(post(body, [['Linear-Signature', hex(body)]]), keys, CLOCK);

  test('reads it once the signature is right', () => {
    expect(verify('{"webhookTimestamp":1700000000500}')).toMatchObject({
      ok: true,
      signedAtMs: 1_700_000_000_500,
    });
    expect(verify('{"webhookTimestamp":1699999900000}')).toEqual({
      ok: false,
      reason: 'timestamp_outside_tolerance',
    });
    expect(verify('{}')).toEqual({ ok: false, reason: 'signature_malformed' });
    expect(verify('[[[[')).toEqual({ ok: false, reason: 'signature_malformed' });
  });

  test('does not parse a body whose signature is wrong', () => {
    const parse = jest.spyOn(JSON, 'parse');
    const body = '['.repeat(1_000_000);
    expect(scheme.verify(post(body, [['Linear-Signature', hex('other')]]), keys, CLOCK)).toEqual({
      ok: false,
      reason: 'signature_mismatch',
    });
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
  });
});

describe('an HMAC over what is not the body alone', () => {
  test('signs the very URL', () => {
    const scheme = hmac({
      header: 'X-Square',
      algorithm: 'sha256',
      encoding: 'base64',
      content: '${url}${body}',
    });
    const keys = [keyOf(scheme, SECRET)];
    const request = post('{}', [], 'https://app.example/hooks');
    const signed = withHeaders(request, scheme.sign(request, keys, CLOCK));
    expect(scheme.verify(signed, keys, CLOCK).ok).toBe(true);
    for (const url of [
      'https://app.example/hooks/',
      'http://app.example/hooks',
      'https://app.example/hooks?',
    ]) {
      expect(scheme.verify({ ...signed, url }, keys, CLOCK)).toEqual({
        ok: false,
        reason: 'signature_mismatch',
      });
    }
  });

  test('covers a nonce, and cannot be signed without it', () => {
    const scheme = hmac({
      header: 'X-Signature',
      algorithm: 'sha256',
      encoding: 'hex',
      content: '${header:X-Nonce}.${body}',
    });
    const keys = [keyOf(scheme, SECRET)];
    const request = post('{}', [['X-Nonce', 'n']]);
    const signed = withHeaders(request, scheme.sign(request, keys, CLOCK));
    expect(scheme.verify(signed, keys, CLOCK).ok).toBe(true);
    expect(() => scheme.sign(post('{}'), keys, CLOCK)).toThrow('missing');
    expect(() => scheme.sign(request, [], CLOCK)).toThrow('without a key');
  });

  test('HubSpot v3: signs the URL with some escapes undone, and a time in milliseconds', () => {
    const scheme = hmac({
      header: 'X-HubSpot-Signature-v3',
      algorithm: 'sha256',
      encoding: 'base64',
      content: '${method}${url}${body}${timestamp}',
      signedUrl: (told) => told.replaceAll('%3A', ':').replaceAll('%2F', '/'),
      timestamp: { header: 'X-HubSpot-Request-Timestamp', unit: 'milliseconds', toleranceSeconds: 300 },
    });
    const expected = createHmac('sha256', SECRET)
      .update('POSThttps://app.example/?to=a:/b{}1700000000000')
      .digest('base64');
    const request = post('{}', [], 'https://app.example/?to=a%3A%2Fb');
    expect(scheme.sign(request, [keyOf(scheme, SECRET)], CLOCK)).toEqual([
      ['X-HubSpot-Signature-v3', expected],
      ['X-HubSpot-Request-Timestamp', '1700000000000'],
    ]);
  });
});

describe('an HMAC over what no template can say', () => {
  test('Contentful: signs the headers that another header lists', () => {
    const scheme = hmac({
      header: 'x-contentful-signature',
      algorithm: 'sha256',
      encoding: 'hex',
      content: (request) => {
        const listed = readHeader(request.headers, 'x-contentful-signed-headers');
        if (!listed.ok) return listed;
        const lines: string[] = [];
        for (const name of listed.value.split(',')) {
          const reading = readHeader(request.headers, name);
          if (!reading.ok) return reading;
          lines.push(`${name}:${reading.value}`);
        }
        return [`${request.method}\n/path\n${lines.join(';')}\n`, request.body];
      },
    });
    const keys = [keyOf(scheme, SECRET)];
    const request = post('{}', [
      ['x-contentful-signed-headers', 'x-a,x-contentful-signed-headers'],
      ['x-a', '1'],
    ]);
    const signed = withHeaders(request, scheme.sign(request, keys, CLOCK));
    expect(signed.headers.at(-1)).toEqual([
      'x-contentful-signature',
      hex('POST\n/path\nx-a:1;x-contentful-signed-headers:x-a,x-contentful-signed-headers\n{}'),
    ]);
    expect(scheme.verify(signed, keys, CLOCK)).toMatchObject({ ok: true });
    const without = signed.headers.filter(([name]) => name !== 'x-a');
    expect(scheme.verify({ ...signed, headers: without }, keys, CLOCK)).toEqual({
      ok: false,
      reason: 'signature_missing',
    });
  });

  test('never signs its own secret', () => {
    expect(() =>
      hmac({ header: 'X-S', algorithm: 'sha256', encoding: 'hex', content: '${secret}${body}' }),
    ).toThrow(RangeError);
  });
});

describe('traps of real providers', () => {
  const verify = (scheme: ReturnType<typeof hmac>, headers: HeaderPairs, body = '{}') =>
    scheme.verify(post(body, headers), [keyOf(scheme, SECRET)], CLOCK);
  const github = hmac({
    header: 'X-Hub-Signature-256',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  });

  test('GitHub: the old SHA-1 header alone is not enough', () => {
    const sha1 = createHmac('sha1', SECRET).update('{}').digest('hex');
    expect(verify(github, [['X-Hub-Signature', `sha1=${sha1}`]])).toEqual({
      ok: false,
      reason: 'signature_missing',
    });
    expect(verify(github, [['X-Hub-Signature-256', `sha1=${sha1}`]])).toEqual({
      ok: false,
      reason: 'signature_malformed',
    });
  });

  test('Typeform: writes sha256= like GitHub, but base64 after it', () => {
    const typeform = hmac({
      header: 'Typeform-Signature',
      algorithm: 'sha256',
      encoding: 'base64',
      grammar: { kind: 'bare', prefix: 'sha256=' },
    });
    const base64 = createHmac('sha256', SECRET).update('{}').digest('base64');
    expect(verify(typeform, [['Typeform-Signature', `sha256=${base64}`]])).toMatchObject({ ok: true });
    expect(verify(typeform, [['Typeform-Signature', `sha256=${hex('{}')}`]])).toEqual({
      ok: false,
      reason: 'signature_malformed',
    });
  });

  test('Oura and others: hex in capitals is accepted where the scheme says so', () => {
    const oura = hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex-any-case' });
    expect(verify(oura, [['X-Signature', hex('{}').toUpperCase()]])).toMatchObject({ ok: true });
  });

  test('standardwebhooks 1.x: bytes that are no UTF-8 are signed as they are', () => {
    const body = Buffer.from('22ff22', 'hex');
    const signature = `sha256=${hex(body)}`;
    const scheme = github;
    const keys = [keyOf(scheme, SECRET)];
    expect(scheme.verify(post(body, [['X-Hub-Signature-256', signature]]), keys, CLOCK)).toMatchObject({
      ok: true,
    });
    const swapped = post(Buffer.from('22fe22', 'hex'), [['X-Hub-Signature-256', signature]]);
    expect(scheme.verify(swapped, keys, CLOCK)).toEqual({ ok: false, reason: 'signature_mismatch' });
  });

  test.each([
    ['a byte order mark', '\uFEFF{"name":"Zoë"}'],
    ['a line feed at the end', '{"name":"Zoë"}\n'],
    ['decomposed letters', '{"name":"Zoë"}'.normalize('NFD')],
    ['another way to write the same JSON', '{"name": "Zoë"}'],
    ['escapes', '{"name":"Zo\\u00eb"}'],
  ])('a body with %s is another body', (_what, body) => {
    expect(verify(github, [['X-Hub-Signature-256', `sha256=${hex('{"name":"Zoë"}')}`]], body)).toEqual({
      ok: false,
      reason: 'signature_mismatch',
    });
  });
});
