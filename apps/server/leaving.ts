import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#logging';

const FLUSH_TIMEOUT_MS = 1_000;
/** For those who wait for an answer to be told that there is none. */
const ANSWER_WITHIN_MS = 1_000;

/**
 * Ends without waiting for what is under way, in the other processes too: with the database gone for good nothing of it can
 * be written down. What was being sent is found by its lease after the next start.
 */
export async function abandon(logger: Logger): Promise<void> {
  await sleep(ANSWER_WITHIN_MS);
  for (const member of Object.values(cluster.workers ?? {})) member?.process.kill('SIGKILL');
  await leave(logger, 1);
}

/** Writes the rest of the log and ends. A reader that has stopped reading it must not keep the process for ever. */
export async function leave(logger: Logger, exitCode: number): Promise<void> {
  const isWritten = await new Promise<boolean>((resolve) => {
    logger.flush(() => resolve(true));
    setTimeout(() => resolve(false), FLUSH_TIMEOUT_MS);
  });
  // The log would be written at the exit again, and wait for its reader without end.
  if (!isWritten) process.removeAllListeners('exit');
  process.exit(exitCode);
}
