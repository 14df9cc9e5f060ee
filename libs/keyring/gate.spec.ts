import { Gate } from './gate.js';

const PATIENCE_MS = 60_000;
const AT_ONCE = 4;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Enters `count` times; gives back who was let in so far. */
function crowd(gate: Gate, count: number, patienceMs = PATIENCE_MS): (number | null)[] {
  const admitted: (number | null)[] = [];
  for (let index = 0; index < count; index += 1)
    void gate.enter(patienceMs).then((waitedMs) => admitted.push(waitedMs));
  return admitted;
}

const settle = () => jest.advanceTimersByTimeAsync(0);

test('a gate lets in four at once, and the next when one has left', async () => {
  const gate = new Gate();
  const admitted = crowd(gate, 10);
  await settle();
  expect(admitted).toHaveLength(AT_ONCE);
  gate.leave(false);
  gate.leave(false);
  await settle();
  expect(admitted).toHaveLength(AT_ONCE + 2);
});

test('after a failure it lets in ten a second, until the crowd is gone and a minute is over', async () => {
  const gate = new Gate();
  await gate.enter(PATIENCE_MS);
  gate.leave(true);
  const admitted = crowd(gate, 1_000, 1_000_000);
  let left = 0;
  const letLeave = () => {
    for (; left < admitted.length; left += 1) gate.leave(false);
  };
  const perSecond: number[] = [];
  for (let second = 0; second < 90; second += 1) {
    const before = admitted.length;
    for (let step = 0; step < 20; step += 1) {
      await jest.advanceTimersByTimeAsync(50);
      letLeave();
    }
    perSecond.push(admitted.length - before);
  }
  expect(Math.max(...perSecond)).toBeLessThanOrEqual(10);
  expect(Math.min(...perSecond)).toBeGreaterThanOrEqual(9);
});

test('who waits too long is sent away, and is not let in later', async () => {
  const gate = new Gate();
  const admitted = crowd(gate, 6, 2_000);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(admitted).toEqual([0, 0, 0, 0, null, null]);
  for (let index = 0; index < AT_ONCE; index += 1) gate.leave(false);
  const later = crowd(gate, AT_ONCE);
  await settle();
  expect(later).toEqual([0, 0, 0, 0]);
});
