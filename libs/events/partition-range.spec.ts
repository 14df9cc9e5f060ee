import { daysAround, gapsBefore, uncoveredDays } from './partition-range.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const day = (number: number, days = 1) => ({ fromMs: number * DAY_MS, toMs: (number + days) * DAY_MS });

describe('the days that must have partitions', () => {
  test('are yesterday, today and a week ahead', () => {
    expect(daysAround(100 * DAY_MS)).toEqual(day(99, 9));
    expect(daysAround(101 * DAY_MS - 1)).toEqual(day(99, 9));
  });

  test('are each their own where nothing is there yet', () => {
    expect(uncoveredDays(day(5, 3), [])).toEqual([day(5), day(6), day(7)]);
  });

  test('are skipped where a longer partition covers them, whatever the order they are read in', () => {
    expect(uncoveredDays(day(5, 6), [day(9), day(2, 5)])).toEqual([day(7), day(8), day(10)]);
    expect(uncoveredDays(day(5, 3), [day(0, 100)])).toEqual([]);
    expect(uncoveredDays(day(5, 1), [{ fromMs: 0, toMs: Infinity }])).toEqual([]);
  });

  test('are cut where one begins or ends within them', () => {
    const noons = { fromMs: 5.5 * DAY_MS, toMs: 7.25 * DAY_MS };
    expect(uncoveredDays(day(5, 3), [noons])).toEqual([
      { fromMs: 5 * DAY_MS, toMs: 5.5 * DAY_MS },
      { fromMs: 7.25 * DAY_MS, toMs: 8 * DAY_MS },
    ]);
  });
});

describe('the gaps before a time', () => {
  test('are all before the first partition, what lies between, and nothing after that time', () => {
    expect(gapsBefore(20 * DAY_MS, [day(12), day(10), day(15, 9)])).toEqual([
      { fromMs: 0, toMs: 10 * DAY_MS },
      day(11),
      day(13, 2),
    ]);
    expect(gapsBefore(11 * DAY_MS, [day(10), day(12)])).toEqual([{ fromMs: 0, toMs: 10 * DAY_MS }]);
  });

  test('are none where a partition begins at the beginning of time', () => {
    expect(gapsBefore(DAY_MS, [{ fromMs: 0, toMs: Infinity }])).toEqual([]);
  });
});
