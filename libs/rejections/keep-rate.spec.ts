import { KeepRate } from './keep-rate.js';

test('so many pass in any second, whenever it begins, and each source has its own', () => {
  const rate = new KeepRate(3);
  const at = (key: string, ...times: number[]) => times.map((time) => rate.take(key, time));
  expect(at('a', 0, 900, 950, 960, 999)).toEqual([true, true, true, false, false]);
  expect(at('a', 1_000, 1_001, 1_899, 1_900, 1_949, 1_950)).toEqual([true, false, false, true, false, true]);
  expect(at('b', 1_000)).toEqual([true]);
});
