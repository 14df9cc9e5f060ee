import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { decodeStrictly, digestText, prepareSecret, sameText } from './encoding.js';

describe('the spelling of a signature', () => {
  const digest = createHmac('sha256', 'key').update('body').digest();
  const hex = digest.toString('hex');
  const base64 = digest.toString('base64');

  test.each([
    ['hex', hex, hex],
    ['hex', hex.toUpperCase(), null],
    ['hex-any-case', hex.toUpperCase(), hex],
    ['hex', hex.slice(2), null],
    ['hex', `${hex}00`, null],
    ['hex', `${hex}\n`, null],
    ['hex', `0x${hex.slice(2)}`, null],
    // Decoders that look at the low byte of a character only take these for "0" and "a".
    ['hex', `\u0130${hex.slice(1)}`, null],
    ['hex-any-case', `\u0161${hex.slice(1)}`, null],
    ['base64', base64, base64],
    ['base64', base64.slice(0, -1), null],
    ['base64', `${base64}=`, null],
    ['base64', digest.toString('base64url'), null],
    ['base64', ` ${base64.slice(1)}`, null],
    ['base64url', digest.toString('base64url'), digest.toString('base64url')],
    ['base64url', `${digest.toString('base64url')}=`, null],
  ] as const)('of %s: %j is read as %j', (encoding, text, expected) => {
    expect(digestText('sha256', encoding).canonical(text)).toBe(expected);
  });

  test.each([
    ['sha1', 40, 28],
    ['sha256', 64, 44],
    ['sha512', 128, 88],
  ] as const)('of %s has %d hex digits or %d characters of base64', (algorithm, hexLength, base64Length) => {
    const bytes = createHmac(algorithm, 'key').digest();
    expect(bytes.toString('hex')).toHaveLength(hexLength);
    expect(bytes.toString('base64')).toHaveLength(base64Length);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const text = bytes.toString(encoding);
      expect(digestText(algorithm, encoding).canonical(text)).toBe(text);
    }
  });

  test('is compared in full, by its characters', () => {
    expect(sameText('abc', 'abc')).toBe(true);
    expect(sameText('abc', 'abd')).toBe(false);
    expect(sameText('abc', 'ab')).toBe(false);
    expect(sameText('', '')).toBe(true);
    expect(sameText('\u0141', 'A')).toBe(false);
  });
});

describe('strict decoding', () => {
  test('takes exactly the one spelling that encoding gives', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom('hex', 'base64', 'base64url'), (bytes, encoding) => {
        const text = Buffer.from(bytes).toString(encoding);
        expect(decodeStrictly(text, encoding)).toEqual(Buffer.from(bytes));
        for (const other of [`${text} `, `${text}\n`, `${text}=`, `!${text}`]) {
          expect(decodeStrictly(other, encoding)).toBeNull();
        }
      }),
    );
  });

  test.each(['q6t=', 'q6s', 'q6s==', 'q6s=q6s=', 'q-s='])('refuses %s as base64', (text) => {
    expect(decodeStrictly(text, 'base64')).toBeNull();
  });
});

describe('making a key of a pasted secret', () => {
  const problemOf = (...given: Parameters<typeof prepareSecret>) => {
    const prepared = prepareSecret(...given);
    return prepared.ok ? null : prepared.problem;
  };
  const bytesOf = (...given: Parameters<typeof prepareSecret>) => {
    const prepared = prepareSecret(...given);
    return prepared.ok ? prepared.material.export() : null;
  };
  const random = randomBytes(32);
  const text = `whsec_${random.toString('base64')}`;

  test('takes the text as UTF-8, prefix included', () => {
    expect(bytesOf(text)).toEqual(Buffer.from(text));
    expect(bytesOf('sécret-of-Zoë-0123456789')).toEqual(Buffer.from('sécret-of-Zoë-0123456789'));
  });

  test('decodes base64 after the prefix, padded or not, and hex in any case', () => {
    const format = { decode: 'base64', stripPrefixes: ['v1,whsec_', 'whsec_'] } as const;
    expect(bytesOf(text, format)).toEqual(random);
    expect(bytesOf(`v1,${text}`, format)).toEqual(random);
    expect(bytesOf(text.slice(0, -1), format)).toEqual(random);
    expect(bytesOf(random.toString('hex').toUpperCase(), { decode: 'hex' })).toEqual(random);
  });

  test.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['\n', 'empty'],
    [` ${text}`, 'white space'],
    [`${text}\r\n`, 'white space'],
    ['\ud800'.repeat(20), 'Unicode'],
    ['whsec_', 'prefix'],
    ['v1,whsec_', 'prefix'],
    ['7 bytes', 'shorter'],
    ['x'.repeat(1025), 'longer'],
  ])('refuses %j: it is %s', (plainSecret, problem) => {
    expect(problemOf(plainSecret)).toContain(problem);
  });

  test.each(['whsec_!!!!', `whsec_${random.toString('base64url')}-_`, `whsec_${'A'.repeat(33)}`])(
    'refuses %s as base64',
    (plainSecret) => {
      expect(problemOf(plainSecret, { decode: 'base64', stripPrefixes: ['whsec_'] })).toBe(
        'the secret is not valid base64',
      );
    },
  );

  test('never repeats the secret in what it says of it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6 }), (plainSecret) => {
        const problem = problemOf(plainSecret, { decode: 'hex', minimumBytes: 64 });
        if (problem !== null) expect(problem).not.toContain(plainSecret);
      }),
    );
  });
});
