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

/** A store that writes `perMs` callbacks a millisecond while more come than it can write. */
function overload(perMs: number, rounds: number): void {
  for (let done = 0; done < rounds; done += 1) {
    const entered: number[] = [];
    while (admission.hasRoom) entered.push(admission.enter());
    nowMs += entered.length / perMs;
    for (const enteredAtMs of entered) admission.leave(enteredAtMs);
  }
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
    for (let more = 0; more < 2_048; more += 1) admission.enter();
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
    overload(16, 100);
    overload(1, 100);
    expect(admission.most).toBe(256);
    overload(16, 100);
    expect(admission.most).toBeGreaterThan(1_200);
  });

  test('does not grow while hardly any come, and does not shrink for one slow commit', () => {
    const before = admission.most;
    for (let done = 0; done < 100; done += 1) round(30, 10);
    expect(admission.most).toBe(before);
    round(30, 5_000);
    expect(admission.most).toBeGreaterThan(before * 0.6);
  });
});
