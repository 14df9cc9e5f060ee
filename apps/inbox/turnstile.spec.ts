import { setImmediate as nextTurn } from 'node:timers/promises';
import { Turnstile } from './turnstile.js';

const MOST_INSIDE = 384;
let nowMs: number;
let turnstile: Turnstile;
let calledIn: number[];
beforeEach(() => {
  nowMs = 1_000;
  calledIn = [];
  turnstile = new Turnstile(() => nowMs);
});

/** A connection that notes when it may go on; `isPaused` from when it is left until then. */
class Sender {
  isPaused = false;
  destroyed = false;

  /** The list of its own test: what is put off to the next turns may come after that. */
  constructor(
    private readonly number: number,
    private readonly list = calledIn,
  ) {}

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.list.push(this.number);
  }
}

/** So many whose requests have come in. */
function comeIn(count: number): Sender[] {
  return Array.from({ length: count }, (_, number) => {
    turnstile.enter();
    return new Sender(number);
  });
}

const leave = (senders: readonly Sender[]): void => senders.forEach((sender) => turnstile.leave(sender));
const paused = (senders: readonly Sender[]): number => senders.filter(({ isPaused }) => isPaused).length;

test('nobody waits while there is room', () => {
  const senders = comeIn(MOST_INSIDE);
  leave(senders);
  expect([paused(senders), turnstile.waiting]).toEqual([0, 0]);
});

test('in a crowd the answered wait, and are called in as others are answered, first come first served', async () => {
  const senders = comeIn(MOST_INSIDE + 100);
  leave(senders.slice(0, 100));
  // For each of the hundred that were too many another one has left.
  expect(paused(senders)).toBe(100);
  expect(calledIn).toEqual([]);
  leave(senders.slice(100, 150));
  expect(calledIn).toEqual(senders.slice(0, 50).map((_, number) => number));
  // Those that have been called send their next one; nobody else has room.
  for (let count = 0; count < 50; count += 1) turnstile.enter();
  await nextTurn();
  await nextTurn();
  await nextTurn();
  expect(turnstile.waiting).toBe(100);
  leave(senders.slice(150));
  expect(calledIn.slice(0, 150)).toEqual(senders.slice(0, 150).map((_, number) => number));
});

test('who has nothing to send takes nobody’s place', async () => {
  const senders = comeIn(MOST_INSIDE + 10);
  leave(senders.slice(0, 20));
  expect(calledIn).toHaveLength(10);
  await nextTurn();
  await nextTurn();
  await nextTurn();
  expect(calledIn).toHaveLength(20);
  expect(turnstile.waiting).toBe(0);
});

describe('when new connections come turn after turn', () => {
  const MOST_IN_A_RUSH = 32;
  const rush = async (turns: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn += 1) {
      turnstile.connect();
      await nextTurn();
    }
  };

  test('only a few are inside, so that turns are short', async () => {
    const senders = comeIn(MOST_IN_A_RUSH + 10);
    await rush(4);
    leave(senders.slice(0, 10));
    expect([paused(senders), turnstile.waiting]).toEqual([10, 10]);
    leave(senders.slice(10, 13));
    expect(calledIn).toEqual([0, 1, 2]);
  });

  test('until there are no more of them', async () => {
    const senders = comeIn(MOST_IN_A_RUSH + 10);
    await rush(4);
    leave(senders.slice(0, 10));
    await nextTurn();
    await nextTurn();
    leave(senders.slice(10, 11));
    expect([paused(senders), turnstile.waiting]).toEqual([0, 0]);
  });

  test('but not for a few, or for some now and then', async () => {
    const senders = comeIn(MOST_IN_A_RUSH + 10);
    await rush(3);
    for (let count = 0; count < 5; count += 1) {
      await nextTurn();
      await nextTurn();
      await rush(1);
    }
    leave(senders);
    expect([paused(senders), turnstile.waiting]).toEqual([0, 0]);
  });
});

test('who has gone is not called', () => {
  const senders = comeIn(MOST_INSIDE + 3);
  const [first, second] = senders;
  leave(senders.slice(0, 2));
  if (first) first.destroyed = true;
  leave(senders.slice(2, 5));
  expect(second?.isPaused).toBe(false);
  expect(calledIn).not.toContain(0);
});

test('nobody waits for a store that hangs', () => {
  const senders = comeIn(MOST_INSIDE + 100);
  leave(senders.slice(0, 50));
  nowMs += 400;
  leave(senders.slice(50, 60));
  turnstile.callInOverdue();
  expect(calledIn).toEqual([]);
  nowMs += 200;
  turnstile.callInOverdue();
  expect(calledIn).toHaveLength(50);
  expect(turnstile.waiting).toBe(10);
});

test('when the house is closed everybody is called in, and nobody waits any more', () => {
  const senders = comeIn(MOST_INSIDE + 100);
  leave(senders.slice(0, 50));
  turnstile.open();
  expect([paused(senders), turnstile.waiting]).toEqual([0, 0]);
  leave(senders.slice(50));
  expect(paused(senders)).toBe(0);
});
