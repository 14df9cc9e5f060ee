import { FeedWindows, firstRoom } from './feed-windows.js';

/** A destination that takes so many a second, looked at every 100 ms while an order goes there. */
function feed(perSecond: number, seconds: number): { fed: number; mostDue: number; idle: number } {
  let nowMs = 0;
  const windows = new FeedWindows(() => nowMs);
  let [due, fed, idle, mostDue] = [0, 0, 0, 0];
  for (; nowMs < seconds * 1_000; nowMs += 100) {
    const places = windows.places('a', Math.ceil(due));
    fed += places;
    due += places;
    if (places > 0) windows.filled('a', Math.ceil(due));
    if (nowMs > 5_000) mostDue = Math.max(mostDue, due);
    if (nowMs > 5_000 && due < perSecond / 10) idle += 1;
    due = Math.max(0, due - perSecond / 10);
  }
  return { fed, mostDue, idle };
}

describe('how far deliveries of an order are made ahead', () => {
  test('keeps a quick destination busy', () => {
    const { fed, mostDue, idle } = feed(3_000, 20);
    expect(idle).toBe(0);
    expect(fed).toBeGreaterThan(3_000 * 17);
    expect(mostDue).toBeLessThanOrEqual(2_000);
  });

  test.each([10, 50, 400])(
    'keeps little more than a second before one that takes %i a second',
    (perSecond) => {
      const { fed, mostDue, idle } = feed(perSecond, 20);
      expect(idle).toBe(0);
      expect(fed).toBeGreaterThan(perSecond * 17);
      expect(mostDue).toBeLessThanOrEqual(Math.max(20, perSecond * 1.2));
    },
  );

  test('gives one that takes nothing no more than the first few', () => {
    expect(feed(0, 60).fed).toBe(50);
  });

  test('gives nothing while live events fill the queue', () => {
    const windows = new FeedWindows(() => 0);
    expect(windows.places('a', 50)).toBe(0);
    expect(windows.places('a', 5_000)).toBe(0);
    expect(firstRoom.places('a', 5_000)).toBe(0);
    expect(windows.places('b', 0)).toBe(50);
  });

  test('forgets destinations that have had nothing for a while, and never remembers too many', () => {
    let nowMs = 0;
    const windows = new FeedWindows(() => nowMs);
    windows.filled('a', 50);
    nowMs = 100;
    expect(windows.places('a', 0)).toBe(100);
    for (let count = 0; count < 10_001; count += 1) windows.filled(`b${count}`, 50);
    expect(windows.places('a', 0)).toBe(50);
    nowMs = 120_000;
    windows.filled('c', 50);
    expect(windows.places('b10000', 0)).toBe(50);
  });
});
