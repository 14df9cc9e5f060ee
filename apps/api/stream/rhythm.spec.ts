import { Rhythm } from './rhythm.js';

/** Lets everything happen that was waiting for promises alone. */
const settle = () => jest.advanceTimersByTimeAsync(0);

let turns: number;
let isNeeded: boolean;
let errors: unknown[];
let work: () => Promise<boolean>;
let rhythm: Rhythm;
beforeEach(() => {
  jest.useFakeTimers();
  [turns, isNeeded, errors] = [0, true, []];
  work = () => Promise.resolve(false);
  rhythm = new Rhythm({
    work: () => {
      turns += 1;
      return work();
    },
    isNeeded: () => isNeeded,
    onError: (error) => errors.push(error),
  });
});
afterEach(async () => {
  const stopped = rhythm.stop();
  await jest.runAllTimersAsync();
  await stopped;
  jest.useRealTimers();
});

test('does nothing while it is not needed', async () => {
  isNeeded = false;
  rhythm.nudge();
  await jest.advanceTimersByTimeAsync(10_000);
  expect([turns, jest.getTimerCount()]).toEqual([0, 0]);
  isNeeded = true;
  rhythm.nudge();
  await settle();
  expect(turns).toBe(1);
});

test('takes five turns a second by itself, and stops when it is needed no more', async () => {
  rhythm.nudge();
  await jest.advanceTimersByTimeAsync(999);
  expect(turns).toBe(5);
  isNeeded = false;
  await jest.advanceTimersByTimeAsync(1_000);
  expect([turns, jest.getTimerCount()]).toEqual([5, 0]);
});

test('takes a turn at once when it is nudged in the middle of a rest', async () => {
  rhythm.nudge();
  await jest.advanceTimersByTimeAsync(100);
  rhythm.nudge();
  await settle();
  expect(turns).toBe(2);
});

test('lets many nudges in quick succession share a turn', async () => {
  rhythm.nudge();
  for (let nudges = 0; nudges < 200; nudges += 1) {
    await jest.advanceTimersByTimeAsync(1);
    rhythm.nudge();
  }
  expect(turns).toBeLessThanOrEqual(9);
  expect(turns).toBeGreaterThan(2);
});

test('never takes one turn upon another, and takes one more for what came meanwhile', async () => {
  let finish: () => void = () => undefined;
  work = () => new Promise((resolve) => (finish = () => resolve(false)));
  rhythm.nudge();
  rhythm.nudge();
  await jest.advanceTimersByTimeAsync(5_000);
  expect(turns).toBe(1);
  rhythm.nudge();
  finish();
  await jest.advanceTimersByTimeAsync(200);
  expect(turns).toBe(2);
  finish();
});

test('takes a breath after a failure, nudged or not, and goes on', async () => {
  work = () => Promise.reject(new Error('away'));
  rhythm.nudge();
  await jest.advanceTimersByTimeAsync(900);
  rhythm.nudge();
  await settle();
  expect([turns, errors.length]).toEqual([1, 1]);
  work = () => Promise.resolve(false);
  await jest.advanceTimersByTimeAsync(100);
  expect(turns).toBe(2);
});

test('takes no turn after it was stopped', async () => {
  rhythm.nudge();
  await settle();
  await rhythm.stop();
  rhythm.nudge();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(turns).toBe(1);
});
