import { TooSlow, within } from './within.js';

describe('within', () => {
  test('gives back what comes in time, and passes on its error', async () => {
    await expect(within(1_000, Promise.resolve('here'))).resolves.toBe('here');
    await expect(within(1_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  test('rejects when the time is over, and hears nothing more of the work', async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<never>((_, reject) => (fail = reject));
    await expect(within(10, work)).rejects.toBeInstanceOf(TooSlow);
    fail(new Error('too late'));
  });
});
