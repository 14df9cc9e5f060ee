import fc from 'fast-check';
import { matches } from './matches.js';

const glob = (pattern: string, type: string | null): boolean =>
  matches({ source_ids: null, types: [pattern] }, { source_id: 's', type });

describe('a destination', () => {
  test('without a selection wants everything', () => {
    expect(matches({ source_ids: null, types: null }, { source_id: 's', type: null })).toBe(true);
  });

  test('wants only its sources', () => {
    const selection = { source_ids: ['a', 'b'], types: null };
    expect(matches(selection, { source_id: 'b', type: 'x' })).toBe(true);
    expect(matches(selection, { source_id: 'c', type: 'x' })).toBe(false);
  });

  test('with an empty list of sources or types wants nothing', () => {
    expect(matches({ source_ids: [], types: null }, { source_id: 's', type: 'x' })).toBe(false);
    expect(matches({ source_ids: null, types: [] }, { source_id: 's', type: 'x' })).toBe(false);
  });

  test('wants what fits one of its globs', () => {
    const selection = { source_ids: null, types: ['run.*', 'batch.succeeded'] };
    const wants = (type: string) => matches(selection, { source_id: 's', type });
    expect(['run.completed', 'batch.succeeded'].every(wants)).toBe(true);
    expect(['running', 'batch.failed', 'RUN.completed'].some(wants)).toBe(false);
  });

  test('needs both to fit', () => {
    const selection = { source_ids: ['a'], types: ['run.*'] };
    expect(matches(selection, { source_id: 'a', type: 'batch.done' })).toBe(false);
    expect(matches(selection, { source_id: 'b', type: 'run.done' })).toBe(false);
  });
});

describe('a glob', () => {
  test.each([
    ['run.completed', 'run.completed', true],
    ['run.completed', 'run.completed.x', false],
    ['*', '', true],
    ['**', 'anything', true],
    ['*', null, true],
    ['run.*', null, false],
    ['run.*', 'run.', true],
    ['*.completed', 'run.completed', true],
    ['*.completed', 'run.completed.late', false],
    ['run.*.done', 'run.a.b.done', true],
    ['run.*.done', 'run.done', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*a*b*', 'xbxaxb', true],
    ['*ab*ab*', 'ab', false],
    ['a.c', 'abc', false],
    ['a?c', 'abc', false],
    ['[a]', 'a', false],
    ['a%', 'ab', false],
    ['$&', '$&', true],
  ])('%j on %j: %s', (pattern, type, expected) => {
    expect(glob(pattern, type)).toBe(expected);
  });

  test('means what the regular expression with .* for each star means', () => {
    const few = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 });
    fc.assert(
      fc.property(few, text, (pattern, type) => {
        const expression = pattern
          .split('*')
          .map((part) => part.replaceAll('.', '\\.'))
          .join('.*');
        expect(glob(pattern, type)).toBe(new RegExp(`^${expression}$`).test(type));
      }),
      { numRuns: 2_000 },
    );
  });

  test('fits whatever replaces its stars', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 5 }), (pieces) => {
        const plain = (text: string) => text.replaceAll('*', '');
        const pattern = pieces.map(([part]) => plain(part)).join('*');
        const type = pieces.map(([part, filling]) => plain(part) + filling).join('');
        expect(glob(pattern + '*', type)).toBe(true);
      }),
    );
  });

  test('takes no time on what would make a backtracking matcher explode', () => {
    const startedAt = performance.now();
    expect(glob('*a'.repeat(100) + '*b', 'a'.repeat(10_000))).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});
