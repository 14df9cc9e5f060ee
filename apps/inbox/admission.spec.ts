import { Admission } from './admission.js';

const TARGET_MS = 100;
let nowMs = 0;
let admission: Admission;
beforeEach(() => {
  nowMs = 0;
  admission = new Admission(TARGET_MS, () => nowMs);
});

/** Lets `count` callbacks in at once, if there is room, and answers all of them `tookMs` later. */
function round(count: number, tookMs: number): number {
  const entered: number[] = [];
  while (entered.length < count && admission.hasRoom) entered.push(admission.enter());
  nowMs += tookMs;
  for (const enteredAtMs of entered) admission.leave(enteredAtMs);
  return entered.length;
}

/** A store that writes `perMs` callbacks a millisecond, in halves, while more come than it can write; those left waiting. */
function overload(perMs: number, rounds: number, entered: number[] = []): number[] {
  for (let done = 0; done < rounds; done += 1) {
    while (admission.hasRoom) entered.push(admission.enter());
    const written = entered.splice(0, Math.ceil(entered.length / 2));
    nowMs += written.length / perMs;
    for (const enteredAtMs of written) admission.leave(enteredAtMs);
  }
  return entered;
}

describe('the number of callbacks in flight', () => {
  test('has an end', () => {
    const taken = round(100_000, 0);
    expect(taken).toBe(admission.most);
    expect(admission.inFlight).toBe(0);
    round(1, 0);
    while (admission.hasRoom) admission.enter();
    expect(admission.inFlight).toBe(Math.floor(admission.most));
    expect(admission.hasRoom).toBe(false);
    expect(admission.hasRoomForBegun).toBe(true);
    for (let more = 0; more < 4_096; more += 1) admission.enter();
    expect(admission.hasRoomForBegun).toBe(false);
  });

  test.each([
    [4, 400],
    [8, 800],
    [16, 1_600],
  ])('settles where the target is met by a store that writes %d a millisecond', (perMs, expected) => {
    overload(perMs, 100);
    expect(admission.most).toBeGreaterThan(expected * 0.8);
    expect(admission.most).toBeLessThan(expected * 1.2);
  });

  test('shrinks when the store becomes slower, and no further than keeps it busy', () => {
    const waiting = overload(16, 100);
    overload(1, 100, waiting);
    expect(admission.most).toBe(256);
    overload(16, 200, waiting);
    expect(admission.most).toBeGreaterThan(1_200);
  });

  test('does not shrink much for one slow commit', () => {
    const before = admission.most;
    round(30, 5_000);
    expect(admission.most).toBeGreaterThan(before * 0.6);
  });

  test('is thousands when nothing has been waiting, at the start and after an overload', () => {
    expect(round(3_000, 300)).toBe(3_000);
    const waiting = overload(1, 100);
    expect(waiting.length + round(3_000, 300)).toBeLessThan(300);
    for (const enteredAtMs of waiting) admission.leave(enteredAtMs);
    expect(round(3_000, 300)).toBe(3_000);
  });

  test('grows again while few come that are answered quickly', () => {
    const waiting = overload(1, 100);
    for (const enteredAtMs of waiting.splice(1)) admission.leave(enteredAtMs);
    for (let done = 0; done < 200; done += 1) round(30, 20);
    expect(round(3_000, 300)).toBe(3_000);
  });
});
