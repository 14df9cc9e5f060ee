import 'reflect-metadata';
import { loadSettings } from '#config';
import { createLogger } from '#logging';
import { type Running, start } from './start.js';

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
    process.exit(exitCode);
  } catch (error) {
    logger.error({ error }, 'process.stopped_badly');
    process.exit(1);
  }
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
