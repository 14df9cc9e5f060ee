import { refused } from './headers.js';
import { post } from './request.fixture.js';
import { bytesOf, signedContent } from './signed-content.js';
import { formatTime, isTimely, parseTime } from './signed-time.js';

/** The signed bytes as text, or the reason why there are none. */
function textOf(...given: Parameters<typeof bytesOf>): string {
  const bytes = bytesOf(...given);
  return Buffer.isBuffer(bytes) ? bytes.toString() : bytes.reason;
}

describe('a template of signed content', () => {
  const request = post(Buffer.from([0x7b, 0xff, 0x7d]), [['X-Nonce', 'n']], 'https://inbox.example/a?b=c');

  test.each([
    ['${body}', '7bff7d'],
    ['${timestamp}.${body}', `${Buffer.from('17.').toString('hex')}7bff7d`],
    ['${body}${ts}', `7bff7d${Buffer.from('17').toString('hex')}`],
    ['v0:${timestamp}:${body}:', `${Buffer.from('v0:17:').toString('hex')}7bff7d3a`],
    ['${id}|${identifier}|${method}', Buffer.from('msg|hook|POST').toString('hex')],
    ['${url}${header:x-nonce}', Buffer.from('https://inbox.example/a?b=cn').toString('hex')],
    ['${body}${body}', '7bff7d7bff7d'],
    ['fixed é', Buffer.from('fixed é').toString('hex')],
    ['', ''],
    ['$ {body} $', Buffer.from('$ {body} $').toString('hex')],
  ])('%j stands for the bytes %s', (template, expected) => {
    const values = { timestamp: '17', id: 'msg', identifier: 'hook' };
    const bytes = bytesOf(signedContent(template), request, values);
    expect(Buffer.isBuffer(bytes) ? bytes.toString('hex') : bytes).toBe(expected);
  });

  test('hashes the body where a provider signs its hash', () => {
    const text = textOf(signedContent('${bodySha256} ${bodyCrc32}'), post('123456789'), {});
    // The check value of CRC-32 is the one of "123456789".
    expect(text).toBe('15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225 3421780262');
  });

  test('signs the URL as a provider rewrites it', () => {
    const content = signedContent('${url}', (told) => told.replaceAll('%3A', ':'));
    expect(textOf(content, post('', [], 'https://a.example/%3A'), {})).toBe('https://a.example/:');
  });

  test.each(['${nothing}', '${}', '${header:}', '${body', '${BODY}', '${constructor}'])(
    'cannot be %j',
    (template) => {
      expect(() => signedContent(template)).toThrow(RangeError);
    },
  );

  test('refuses a request without a header that it names, or with two', () => {
    const content = signedContent('${header:X-Nonce}${body}');
    expect(bytesOf(content, post(''), {})).toBe(refused('signature_missing'));
    expect(
      bytesOf(
        content,
        post('', [
          ['x-nonce', '1'],
          ['x-nonce', '1'],
        ]),
        {},
      ),
    ).toBe(refused('signature_malformed'));
    expect(bytesOf(signedContent('${timestamp}'), request, {})).toBe(refused('signature_missing'));
  });
});

describe('a signed time', () => {
  test.each([
    ['1700000000', 'seconds', 1_700_000_000_000],
    ['0', 'seconds', 0],
    ['1700000000123', 'milliseconds', 1_700_000_000_123],
    ['1700000000', 'seconds-or-milliseconds', 1_700_000_000_000],
    ['1700000000123', 'seconds-or-milliseconds', 1_700_000_000_123],
    ['1700000000', 'milliseconds-or-seconds', 1_700_000_000_000],
    ['1700000000123', 'milliseconds-or-seconds', 1_700_000_000_123],
    ['2023-11-14T22:13:20Z', 'rfc3339', 1_700_000_000_000],
    ['2023-11-14T15:13:20-07:00', 'rfc3339', 1_700_000_000_000],
    ['2023-11-14T22:13:20.123', 'rfc3339', 1_700_000_000_123],
    ['2023-11-14T22:13:20.123456789Z', 'rfc3339', 1_700_000_000_123],
  ] as const)('%s in %s is %d ms', (text, unit, expected) => {
    expect(parseTime(text, unit)).toBe(expected);
  });

  test.each([
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '1.5',
    '.9',
    '1e9',
    '0x10',
    '01',
    '123abc',
    '1795309044abc',
    '٣',
    '1_000',
    'NaN',
    'Infinity',
    '1'.repeat(16),
  ])('%j is no decimal time', (text) => {
    expect(parseTime(text, 'seconds')).toBeNull();
    expect(parseTime(text, 'milliseconds')).toBeNull();
    expect(parseTime(text, 'seconds-or-milliseconds')).toBeNull();
  });

  test.each([
    '',
    '2023',
    '2023-11-14',
    '2023-13-14T22:13:20Z',
    '2023-11-14T25:13:20Z',
    '2023-11-14T22:13Z',
    'Tue, 14 Nov 2023 22:13:20 GMT',
    ' 2023-11-14T22:13:20Z',
    '2023-11-14T22:13:20+0700',
  ])('%j is no RFC 3339 time', (text) => {
    expect(parseTime(text, 'rfc3339')).toBeNull();
  });

  test.each([
    'seconds',
    'milliseconds',
    'rfc3339',
    'seconds-or-milliseconds',
    'milliseconds-or-seconds',
  ] as const)('in %s is read as it was written', (unit) => {
    const written = formatTime(1_700_000_000_000, unit);
    expect(parseTime(written, unit)).toBe(1_700_000_000_000);
  });

  test('in either unit is written in the one that is named first', () => {
    expect(formatTime(1_700_000_000_123, 'seconds-or-milliseconds')).toBe('1700000000');
    expect(formatTime(1_700_000_000_123, 'milliseconds-or-seconds')).toBe('1700000000123');
  });

  test('is timely up to the tolerance on both sides', () => {
    const clock = { nowMs: 1_000_000 };
    expect([700_000, 1_300_000].map((time) => isTimely(time, clock, 300))).toEqual([true, true]);
    expect([699_999, 1_300_001].map((time) => isTimely(time, clock, 300))).toEqual([false, false]);
    expect(isTimely(700_000, { ...clock, toleranceSeconds: 0 }, 300)).toBe(false);
  });
});
