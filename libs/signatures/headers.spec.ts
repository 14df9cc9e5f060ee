import { LIMITS, readHeader, refused, signatureHeader } from './headers.js';
import type { CollectedSignatures, HeaderGrammar } from './headers.js';

/** What a grammar finds in a value, or `null` when it does not fit. */
function reader(grammar: HeaderGrammar) {
  const header = signatureHeader(grammar);
  const parse = (value: string) => {
    const into: CollectedSignatures = { candidates: [] };
    return header.collect(value, into) ? into : null;
  };
  return { parse, format: header.format };
}

describe('looking up a header', () => {
  test('finds it in any case', () => {
    expect(readHeader([['X-SIGNATURE', 'a']], 'x-signature')).toEqual({ ok: true, value: 'a' });
  });

  test('does not take a longer or shorter name for it', () => {
    expect(
      readHeader(
        [
          ['x-signature-2', 'a'],
          ['x-signatur', 'b'],
        ],
        'x-signature',
      ),
    ).toBe(refused('signature_missing'));
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'knows %s as a name like any other',
    (name) => {
      expect(readHeader([], name)).toBe(refused('signature_missing'));
      expect(readHeader([[name, 'a']], name)).toEqual({ ok: true, value: 'a' });
    },
  );

  test('refuses a second line and a value beyond 4 KiB', () => {
    expect(
      readHeader(
        [
          ['a', '1'],
          ['b', '2'],
          ['A', '1'],
        ],
        'a',
      ),
    ).toBe(refused('signature_malformed'));
    expect(readHeader([['a', 'x'.repeat(LIMITS.headerBytes)]], 'a').ok).toBe(true);
    expect(readHeader([['a', 'x'.repeat(LIMITS.headerBytes + 1)]], 'a')).toBe(refused('signature_malformed'));
  });
});

describe('the grammar of a bare signature', () => {
  const { parse, format } = reader({ kind: 'bare', prefix: 'sha256=' });

  test('takes the prefix off and puts it on', () => {
    expect(parse('sha256=ab')).toEqual({ candidates: ['ab'] });
    expect(format(['ab', 'cd'])).toBe('sha256=ab');
  });

  test.each(['ab', 'SHA256=ab', ' sha256=ab', 'sha1=ab', ''])('refuses %j', (value) => {
    expect(parse(value)).toBeNull();
  });
});

describe('the grammar of a list', () => {
  const { parse, format } = reader({ kind: 'list', separator: ' ', prefix: 'v1,' });

  test('collects the entries of its version and passes over others', () => {
    expect(parse('v1,a v2,b v1a,c v1,d')).toEqual({ candidates: ['a', 'd'] });
    expect(format(['a', 'b'])).toBe('v1,a v1,b');
  });

  test('allows a blank after a comma', () => {
    expect(reader({ kind: 'list', separator: ',' }).parse('a, b')).toEqual({
      candidates: ['a', 'b'],
    });
  });

  test.each(['', 'v2,a', 'v1a,a', 'V1,a'])('refuses %j, which has none of its version', (value) => {
    expect(parse(value)).toBeNull();
  });

  test('takes eight signatures and not nine', () => {
    const several = (count: number) => Array.from({ length: count }, () => 'v1,a').join(' ');
    expect(parse(several(8))?.candidates).toHaveLength(8);
    expect(parse(several(9))).toBeNull();
  });
});

describe('the grammar of fields', () => {
  const { parse, format } = reader({
    kind: 'fields',
    separator: ',',
    signature: 'v1',
    timestamp: 't',
  });

  test.each([
    ['t=1,v1=ab', { candidates: ['ab'], timestamp: '1' }],
    ['t=1, v1=ab', { candidates: ['ab'], timestamp: '1' }],
    ['v1=ab,t=1,v0=cd,v1=ef', { candidates: ['ab', 'ef'], timestamp: '1' }],
    ['t=1,v1=a=b=', { candidates: ['a=b='], timestamp: '1' }],
    ['v1=ab', { candidates: ['ab'] }],
    ['t=1,scheme,v1=ab', { candidates: ['ab'], timestamp: '1' }],
  ])('reads %j', (value, expected) => {
    expect(parse(value)).toEqual(expected);
  });

  test.each(['', 't=1', 't=1,v0=ab', 't=1,V1=ab', 't=1,t=1,v1=ab', 't=1;v1=ab'])('refuses %j', (value) => {
    expect(parse(value)).toBeNull();
  });

  test('takes eight signatures and not nine', () => {
    expect(parse(`t=1${',v1=a'.repeat(8)}`)?.candidates).toHaveLength(8);
    expect(parse(`t=1${',v1=a'.repeat(9)}`)).toBeNull();
  });

  test('writes the time first and every signature', () => {
    expect(format(['ab', 'cd'], '1')).toBe('t=1,v1=ab,v1=cd');
  });
});

test('fields may name the key of each signature', () => {
  const { parse, format } = reader({
    kind: 'fields',
    separator: ',',
    signature: 'v1',
    timestamp: 't',
    keyId: 'own',
  });
  expect(parse('t=1,v1=k1:ab,v1=k2:cd')).toEqual({ candidates: ['ab', 'cd'], timestamp: '1' });
  expect(parse('t=1,v1=ab')).toEqual({ candidates: ['ab'], timestamp: '1' });
  expect(format(['ab'], '1')).toBe('t=1,v1=own:ab');
});

describe('the grammar of positions', () => {
  const { parse, format } = reader({ kind: 'positional', separator: ',' });

  test.each([
    ['1,ab', { candidates: ['ab'], timestamp: '1' }],
    ['1,ab,cd', { candidates: ['ab', 'cd'], timestamp: '1' }],
    [',ab', { candidates: ['ab'], timestamp: '' }],
    ['1,', { candidates: [''], timestamp: '1' }],
  ])('reads %j', (value, expected) => {
    expect(parse(value)).toEqual(expected);
  });

  test.each(['', '1', 'ab'])('refuses %j, in which nothing stands behind the time', (value) => {
    expect(parse(value)).toBeNull();
  });

  test('takes eight signatures and not nine', () => {
    expect(parse(`1${',a'.repeat(8)}`)?.candidates).toHaveLength(8);
    expect(parse(`1${',a'.repeat(9)}`)).toBeNull();
  });

  test('writes the time first and every signature', () => {
    expect(format(['ab', 'cd'], '1')).toBe('1,ab,cd');
  });
});
