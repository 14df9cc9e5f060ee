import 'reflect-metadata';
import { loadSettings } from '#config';
import { createLogger } from '#logging';
import { type Running, start } from './start.js';

const FLUSH_TIMEOUT_MS = 1_000;

const loaded = loadSettings();
if (!loaded.ok) {
  process.stderr.write(
    `Callbox cannot start:\n${loaded.mistakes.map((mistake) => `  ${mistake}\n`).join('')}`,
  );
  process.exit(1);
}
const { settings } = loaded;
const logger = createLogger(settings.logLevel);

let running: Running | undefined;
let stopping = false;

async function stop(reason: string, exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  logger.info({ reason }, 'process.stopping');
  try {
    await starting;
    await running?.stop();
    await leave(exitCode);
  } catch (error) {
    logger.error({ error }, 'process.stopped_badly');
    await leave(1);
  }
}

/** Writes the rest of the log and ends. A reader that has stopped reading it must not keep the process for ever. */
async function leave(exitCode: number): Promise<void> {
  const isWritten = await new Promise<boolean>((resolve) => {
    logger.flush(() => resolve(true));
    setTimeout(() => resolve(false), FLUSH_TIMEOUT_MS);
  });
  // The log would be written at the exit again, and wait for its reader without end.
  if (!isWritten) process.removeAllListeners('exit');
  process.exit(exitCode);
}

process.on('SIGINT', () => void stop('SIGINT', 0));
process.on('SIGTERM', () => void stop('SIGTERM', 0));

const starting = start(settings, logger).then(
  (started) => {
    running = started;
    if (stopping) return;
    process.stdout.write(`${started.welcome}\n`);
    void started.databaseLost.then(() => {
      if (!stopping) process.stderr.write('The embedded PostgreSQL has ended unexpectedly; Callbox stops.\n');
      return stop('database lost', 1);
    });
  },
  (error: unknown) => {
    process.stderr.write(`Callbox cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
