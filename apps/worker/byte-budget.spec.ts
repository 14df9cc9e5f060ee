import { ByteBudget } from './byte-budget.js';

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  // One turn of the event loop: everything that is ready has run by then.
  const turn = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise, turn])) !== pending;
}

describe('a byte budget', () => {
  test('makes those wait that do not fit, and lets them in in order', async () => {
    const budget = new ByteBudget(10);
    await budget.take(6);
    const large = budget.take(8);
    const small = budget.take(1);
    expect(await isSettled(large)).toBe(false);
    expect(await isSettled(small)).toBe(false);
    budget.give(6);
    expect(await isSettled(large)).toBe(true);
    expect(await isSettled(small)).toBe(true);
  });

  test('lets what is larger than itself have all of it', async () => {
    const budget = new ByteBudget(10);
    const taken = await budget.take(100);
    expect(taken).toBe(10);
    const next = budget.take(1);
    expect(await isSettled(next)).toBe(false);
    budget.give(taken);
    expect(await isSettled(next)).toBe(true);
  });
});
