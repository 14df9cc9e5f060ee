import { eventually } from '#testing';
import { createLogger } from '#logging';
import { Writable } from 'node:stream';
import { Loop } from './loop.js';

const NEVER_MS = 3_600_000;
const logger = createLogger('fatal', new Writable({ write: (_chunk, _encoding, done) => done() }));

function loopOf(work: () => Promise<boolean>, idleMs = NEVER_MS): Loop {
  return new Loop({ name: 'test', idleMs, work, logger });
}

describe('a loop', () => {
  test('works at once while there is more, and then waits', async () => {
    let left = 3;
    let calls = 0;
    const loop = loopOf(() => {
      calls += 1;
      left -= 1;
      return Promise.resolve(left > 0);
    });
    loop.start();
    await eventually(() => expect(calls).toBe(3));
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toBe(3);
    await loop.stop();
    expect(calls).toBe(3);
  });

  test('is woken from waiting, and looks once more when it was woken at work', async () => {
    let calls = 0;
    let finish: (() => void) | undefined;
    const loop = loopOf(async () => {
      calls += 1;
      await new Promise<void>((resolve) => (finish = resolve));
      return false;
    });
    loop.start();
    await eventually(() => expect(calls).toBe(1));
    loop.wake();
    finish?.();
    await eventually(() => expect(calls).toBe(2));
    finish?.();
    await new Promise((resolve) => setImmediate(resolve));
    loop.wake();
    await eventually(() => expect(calls).toBe(3));
    finish?.();
    await loop.stop();
  });

  test('goes on after an error, after a pause', async () => {
    const calls: number[] = [];
    const loop = loopOf(() => {
      calls.push(performance.now());
      return calls.length === 1 ? Promise.reject(new Error('away')) : Promise.resolve(false);
    }, 1);
    loop.start();
    await eventually(() => expect(calls.length).toBeGreaterThan(1));
    await loop.stop();
    expect((calls[1] ?? 0) - (calls[0] ?? 0)).toBeGreaterThan(500);
  });

  test('stops when the work under way is done, and not before', async () => {
    let finish: (() => void) | undefined;
    let isDone = false;
    const loop = loopOf(async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      isDone = true;
      return true;
    });
    loop.start();
    await eventually(() => expect(finish).toBeDefined());
    const stopped = loop.stop();
    finish?.();
    await stopped;
    expect(isDone).toBe(true);
  });
});
