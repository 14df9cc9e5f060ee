import type { Logger } from '#logging';

const FLUSH_TIMEOUT_MS = 1_000;

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
