import type { IncomingMessage } from 'node:http';
import { Admission } from './admission.js';
import { BodyMemory } from './body-memory.js';

const KILOBYTE = 1_024;
const MEGABYTE = 1_048_576;
let nowMs: number;
let memory: BodyMemory;
let cut: string[];
beforeEach(() => {
  nowMs = 0;
  cut = [];
  memory = new BodyMemory(
    {
      bodyMemoryBytes: 8 * MEGABYTE,
      bodyIdleMs: 10_000,
      bodyGraceMs: 10_000,
      leastBodyBytesPerSecond: KILOBYTE,
    },
    new Admission(100, () => nowMs),
    () => nowMs,
  );
});

/** A request is nothing but a name here. */
const request = (): IncomingMessage => ({}) as IncomingMessage;

function open(name: string, declaredBytes: number): IncomingMessage | null {
  const opened = request();
  return memory.open(opened, declaredBytes, () => cut.push(name)) ? opened : null;
}

function opened(name: string, declaredBytes: number): IncomingMessage {
  const hold = open(name, declaredBytes);
  if (hold === null) throw new Error(`There was no memory for ${name}`);
  return hold;
}

describe('the memory of bodies', () => {
  test('is held from the declared length until the request has been answered', () => {
    const body = opened('a', MEGABYTE);
    expect(memory.inUseBytes).toBe(MEGABYTE);
    memory.receive(body, 1_000);
    expect(memory.inUseBytes).toBe(MEGABYTE);
    memory.finish(body);
    expect(memory.inUseBytes).toBe(1_000);
    memory.release(body);
    expect(memory.inUseBytes).toBe(0);
    memory.release(body);
    expect(memory.inUseBytes).toBe(0);
  });

  test('is held as it comes where no length is declared', () => {
    const body = opened('a', 0);
    for (let chunk = 0; chunk < 5; chunk += 1) memory.receive(body, 64 * KILOBYTE);
    expect(memory.inUseBytes).toBe(5 * 64 * KILOBYTE);
    memory.finish(body);
    memory.release(body);
    expect(memory.inUseBytes).toBe(0);
  });

  test('has an end, which leaves a quarter to small bodies', () => {
    for (let count = 0; count < 6; count += 1) opened(`large ${count}`, MEGABYTE);
    expect(open('one more', MEGABYTE)).toBeNull();
    for (let count = 0; count < 32; count += 1) opened(`small ${count}`, 64 * KILOBYTE);
    expect(open('one more', 64 * KILOBYTE)).toBeNull();
    expect(memory.inUseBytes).toBe(8 * MEGABYTE);
  });

  test('refuses bytes beyond it of a body whose length was not declared', () => {
    opened('large', 5 * MEGABYTE);
    const body = opened('a', 0);
    expect(memory.receive(body, MEGABYTE)).toBe(true);
    expect(memory.receive(body, MEGABYTE)).toBe(false);
    memory.release(body);
    expect(memory.inUseBytes).toBe(5 * MEGABYTE);
  });

  test('is never counted twice, whatever happens to a request', () => {
    const ended = opened('a', MEGABYTE);
    memory.receive(ended, 10);
    memory.release(ended);
    const finished = opened('b', 10);
    memory.receive(finished, 10);
    memory.finish(finished);
    memory.cutSlowOnes();
    memory.release(finished);
    const slow = opened('c', MEGABYTE);
    nowMs += 60_000;
    memory.cutSlowOnes();
    memory.release(slow);
    expect(cut).toEqual(['c']);
    expect(memory.inUseBytes).toBe(0);
  });
});

describe('a body that comes slowly', () => {
  test('is cut when nothing comes for too long', () => {
    const idle = opened('idle', 100);
    memory.receive(idle, 50);
    nowMs = 9_999;
    memory.cutSlowOnes();
    expect(cut).toEqual([]);
    nowMs = 10_000;
    memory.cutSlowOnes();
    expect(cut).toEqual(['idle']);
  });

  test('is cut when it dribbles, after a time of grace', () => {
    const slow = opened('slow', 100_000);
    const steady = opened('steady', 100_000);
    for (nowMs = 1_000; nowMs <= 20_000; nowMs += 1_000) {
      if (!cut.includes('slow')) memory.receive(slow, 100);
      memory.receive(steady, KILOBYTE + 1);
      memory.cutSlowOnes();
      expect(cut).toEqual(nowMs < 10_000 ? [] : ['slow']);
    }
  });

  test('is not cut once it is there, however long the store takes', () => {
    const body = opened('a', 100);
    memory.receive(body, 100);
    memory.finish(body);
    nowMs = 60_000;
    memory.cutSlowOnes();
    expect(cut).toEqual([]);
  });

  test('makes room at once when others need it, and only then', () => {
    const slow = Array.from({ length: 6 }, (_, index) => opened(`slow ${index}`, MEGABYTE));
    nowMs = 2_000;
    const [fast, ...others] = slow;
    if (fast !== undefined) memory.receive(fast, 300 * KILOBYTE);
    for (const one of others) memory.receive(one, 2 * KILOBYTE);
    memory.cutSlowOnes();
    expect(cut).toEqual([]);
    opened('genuine', MEGABYTE);
    expect(cut).toEqual(['slow 1', 'slow 2', 'slow 3', 'slow 4', 'slow 5']);
    expect(memory.inUseBytes).toBe(2 * MEGABYTE);
  });

  test('cannot keep others out for ever, however many there are of them', () => {
    for (let round = 0; round < 10; round += 1) {
      for (let count = 0; count < 1_000; count += 1) open('slow', MEGABYTE);
      nowMs += 1_100;
      const genuine = opened('genuine', MEGABYTE);
      memory.receive(genuine, MEGABYTE);
      memory.finish(genuine);
      memory.release(genuine);
    }
    expect(cut).not.toContain('genuine');
  });
});
