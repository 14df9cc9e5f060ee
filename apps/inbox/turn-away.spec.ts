import type { IncomingMessage, ServerResponse } from 'node:http';
import { eventually } from '#testing';
import { TurnAway } from './turn-away.js';

const LONGEST_MS = 2_500;
let nowMs: number;
let turnAway: TurnAway;
let answered: number[];
beforeEach(() => {
  nowMs = 1_000;
  answered = [];
  turnAway = new TurnAway(() => nowMs);
});

/** A request whose body has arrived; what it is answered is noted. */
function come(contentLength = 100): void {
  const request = { headers: { 'content-length': String(contentLength) }, complete: true };
  const write = (): void => undefined;
  const response = { writeHead: (status: number) => answered.push(status), write, end: write, socket: null };
  turnAway.answer(request as unknown as IncomingMessage, response as unknown as ServerResponse);
}

/** Lets so many come, and others be taken, in each of some tenths of a second. */
function crowd(perWindow: number, windows: number, taken = 100): void {
  for (let window = 0; window < windows; window += 1) {
    for (let count = 0; count < taken; count += 1) turnAway.take();
    for (let count = 0; count < perWindow; count += 1) come();
    nowMs += 100;
  }
}

describe('those for whom there is no room', () => {
  test('are answered at once while they are few', () => {
    crowd(20, 50);
    expect(turnAway.holdMs).toBe(0);
    expect(answered).toHaveLength(1_000);
    expect(new Set(answered)).toEqual(new Set([503]));
  });

  test('are answered at once while many more are taken', () => {
    crowd(200, 20, 1_000);
    expect(turnAway.holdMs).toBe(0);
    expect(answered).toHaveLength(4_000);
  });

  test('are kept the longer the more they are, and never for longer than senders wait', () => {
    crowd(70, 5);
    const moderate = turnAway.holdMs;
    expect(moderate).toBeGreaterThan(0);
    crowd(200, 2);
    expect(turnAway.holdMs).toBeGreaterThan(moderate);
    expect(turnAway.holdMs).toBeLessThan(LONGEST_MS);
    crowd(200, 100);
    expect(turnAway.holdMs).toBe(LONGEST_MS);
    turnAway.answerAll();
  });

  test('are answered at once when nobody has been taken for a second: there is nothing to be won by waiting', () => {
    crowd(200, 10);
    expect(turnAway.holdMs).toBe(LONGEST_MS);
    crowd(200, 5, 0);
    expect(turnAway.holdMs).toBe(LONGEST_MS);
    crowd(200, 10, 0);
    expect(turnAway.holdMs).toBe(0);
    turnAway.answerAll();
    const before = answered.length;
    crowd(200, 10, 0);
    expect(answered).toHaveLength(before + 2_000);
    crowd(200, 10);
    expect(turnAway.holdMs).toBe(LONGEST_MS);
    turnAway.answerAll();
  });

  test('are answered when their time has come, in order, and nobody is forgotten', async () => {
    crowd(200, 5);
    const sent = 1_000;
    expect(answered.length).toBeLessThan(sent);
    nowMs += LONGEST_MS;
    await eventually(() => expect(answered).toHaveLength(sent));
  });

  test('are answered at once when the process ends', () => {
    crowd(200, 10);
    expect(answered.length).toBeLessThan(2_000);
    turnAway.answerAll();
    expect(answered).toHaveLength(2_000);
  });

  test('are not kept when there are too many of them, of which large bodies make fewer', () => {
    crowd(200, 10);
    const kept = (contentLength: number): number => {
      const before = answered.length;
      const sent = 20_000;
      for (let count = 0; count < sent; count += 1) come(contentLength);
      const count = sent - (answered.length - before);
      turnAway.answerAll();
      return count;
    };
    const small = kept(100);
    expect(small).toBeGreaterThan(5_000);
    expect(small).toBeLessThan(15_000);
    const large = kept(1_000_000);
    expect(large).toBeGreaterThan(500);
    expect(large).toBeLessThan(1_000);
    expect(kept(10_000_000)).toBe(large);
  });

  test('are answered at once again when the crowd has gone', () => {
    crowd(200, 50);
    crowd(1, 50);
    expect(turnAway.holdMs).toBe(0);
    turnAway.answerAll();
    crowd(200, 50);
    turnAway.answerAll();
    nowMs += 60_000;
    const before = answered.length;
    come();
    expect(answered).toHaveLength(before + 1);
    expect(turnAway.holdMs).toBe(0);
  });
});
