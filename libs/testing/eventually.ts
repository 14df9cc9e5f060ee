import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/** Waits until `check` stops throwing and gives back its result; throws its last error when the time is over. */
export async function eventually<Result>(
  check: () => Result | Promise<Result>,
  withinMs = 10_000,
): Promise<Result> {
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(LOOK_EVERY_MS);
    }
  }
}
