import { LastingHorizon } from './lasting-horizon.js';

test('a horizon lasts when it was seen two seconds ago, and none does before', () => {
  const lasting = new LastingHorizon();
  const values = [0, 500, 1_900, 2_000, 2_500, 4_000, 9_000].map((nowMs) => {
    lasting.see(BigInt(nowMs), nowMs);
    return Number(lasting.value);
  });
  expect(values).toEqual([0, 0, 0, 0, 0, 2_000, 4_000]);
});

test('none lasts when numbers have begun anew', () => {
  const lasting = new LastingHorizon();
  for (const nowMs of [0, 2_000, 4_000]) lasting.see(100n + BigInt(nowMs), nowMs);
  expect(lasting.value).toBe(2_100n);
  lasting.see(50n, 4_100);
  expect(lasting.value).toBe(0n);
  lasting.see(60n, 6_100);
  expect(lasting.value).toBe(50n);
});
