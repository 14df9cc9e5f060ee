import fc from 'fast-check';
import type { HeaderPairs } from '#signatures';
import { firstOf, header, joined, json } from './locators.js';
import type { Callback } from './preset.js';

function callback(document: unknown, headers: HeaderPairs = []): Callback {
  return { method: 'POST', url: 'https://inbox.example/', headers, body: Buffer.alloc(0), json: document };
}

describe('a header locator', () => {
  test('reads a header whatever its case', () => {
    expect(header('X-Id')(callback(null, [['x-ID', 'a']]))).toBe('a');
  });

  test.each<[why: string, headers: HeaderPairs]>([
    ['it is missing', [['x-other', 'a']]],
    ['it is empty', [['x-id', '']]],
    [
      'it stands there twice',
      [
        ['x-id', 'a'],
        ['X-Id', 'a'],
      ],
    ],
    ['it holds a NUL', [['x-id', 'a\0b']]],
  ])('finds nothing when %s', (_why, headers) => {
    expect(header('X-Id')(callback(null, headers))).toBeNull();
  });
});

describe('a JSON locator', () => {
  // The document and the pointers of RFC 6901 section 5.
  const example = {
    foo: ['bar', 'baz'],
    '': 0,
    'a/b': 1,
    'c%d': 2,
    'e^f': 3,
    'g|h': 4,
    'i\\j': 5,
    'k"l': 6,
    ' ': 7,
    'm~n': 8,
  };

  test.each([
    ['/foo/0', 'bar'],
    ['/', '0'],
    ['/a~1b', '1'],
    ['/c%d', '2'],
    ['/e^f', '3'],
    ['/g|h', '4'],
    ['/i\\j', '5'],
    ['/k"l', '6'],
    ['/ ', '7'],
    ['/m~0n', '8'],
  ])('reads %s of the example in RFC 6901', (pointer, expected) => {
    expect(json(pointer)(callback(example))).toBe(expected);
  });

  test('reads the whole document by the empty pointer', () => {
    expect(json('')(callback('text'))).toBe('text');
  });

  test('reads ~01 as ~1, not as a slash', () => {
    expect(json('/~01')(callback({ '~1': 'tilde', '/': 'slash' }))).toBe('tilde');
  });

  test.each([
    '/foo',
    '/foo/2',
    '/foo/-',
    '/foo/00',
    '/foo/length',
    '/foo/0/0',
    '/nothing',
    '/toString',
    '/constructor/name',
    '/__proto__',
  ])('finds nothing at %s', (pointer) => {
    expect(json(pointer)(callback(example))).toBeNull();
  });

  test.each(['foo', '/~', '/~2', '/a~', '#/foo'])('is not made of %s, which is no pointer', (pointer) => {
    expect(() => json(pointer)).toThrow(RangeError);
  });

  test.each([
    [1, '1'],
    [-7, '-7'],
    [1.5, '1.5'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ])('writes the number %d as %s', (value, expected) => {
    expect(json('/id')(callback({ id: value }))).toBe(expected);
  });

  test.each([null, true, false, '', {}, [], ['a'], 2 ** 53, 1e21, 'a\0', '\ud800', undefined])(
    'takes %j for no fact',
    (value) => {
      expect(json('/id')(callback({ id: value }))).toBeNull();
    },
  );

  test('takes a text of any length whole: what tells events apart may stand at its end', () => {
    expect(json('/id')(callback({ id: '😀'.repeat(5_000) }))).toBe('😀'.repeat(5_000));
  });

  test('finds nothing in a body that is no JSON', () => {
    expect(json('/id')(callback(undefined))).toBeNull();
  });

  test('gives a storable text or nothing for any pointer and document, and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.string(), { maxLength: 3 }), (document, tokens) => {
        const pointer = tokens
          .map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`)
          .join('');
        const found = json(pointer)(callback(document));
        if (found === null) return;
        expect(found.length).toBeGreaterThan(0);
        expect(found).not.toContain('\0');
        expect(Buffer.from(found).toString()).toBe(found);
      }),
    );
  });

  test('finds what stands at its pointer', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string({ minLength: 1, maxLength: 9, unit: 'grapheme-ascii' }),
        (name, value) => {
          const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
          const document = JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`) as unknown;
          expect(json(pointer)(callback(document))).toBe(value);
        },
      ),
    );
  });
});

describe('locators together', () => {
  const document = callback({ run_id: '', batch_id: 'b', event: 'done' });

  test('firstOf takes the first that is there', () => {
    expect(firstOf(json('/run_id'), json('/batch_id'), json('/event'))(document)).toBe('b');
    expect(firstOf(json('/x'), json('/y'))(document)).toBeNull();
    expect(firstOf()(document)).toBeNull();
  });

  test('joined needs all of them', () => {
    expect(joined(':', json('/batch_id'), json('/event'))(document)).toBe('b:done');
    expect(joined(':', json('/batch_id'), json('/x'))(document)).toBeNull();
  });
});
