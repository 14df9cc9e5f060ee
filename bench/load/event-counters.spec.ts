import { eventCounter } from './event-counters.js';

const counters = (duplicates: 'none' | 'half' | 'all', count: number): number[] =>
  Array.from({ length: count }, (_, index) => eventCounter(duplicates, index));

describe('the numbers of events', () => {
  test('are all different where no duplicates are wanted', () => {
    expect(new Set(counters('none', 5_000)).size).toBe(5_000);
  });

  test('are known already in every second request where half are to be duplicates', () => {
    const seen = new Set<number>();
    for (const [index, counter] of counters('half', 5_000).entries()) {
      expect(seen.has(counter)).toBe(index % 2 === 1);
      seen.add(counter);
    }
  });

  test('are those of a thousand events where nearly all are to be duplicates', () => {
    expect(new Set(counters('all', 5_000)).size).toBe(1_000);
  });
});
