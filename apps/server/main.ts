import 'reflect-metadata';
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { loadSettings, type Settings } from '#config';
import { createLogger } from '#logging';
import { abandon, leave } from './leaving.js';
import { runMember } from './member.js';
import { keepHeapSmall } from './memory.js';
import { type Running, start } from './start.js';

function readSettings(): Settings {
  const loaded = loadSettings();
  if (loaded.ok) return loaded.settings;
  process.stderr.write(
    `Callbox cannot start:\n${loaded.mistakes.map((mistake) => `  ${mistake}\n`).join('')}`,
  );
  process.exit(1);
}

/** Runs Callbox: in this process or, when there are to be several, with this one above them. */
function run(): void {
  const settings = readSettings();
  const logger = createLogger(settings.logLevel);
  let running: Running | undefined;
  let stopping = false;

  const stop = async (reason: string, exitCode: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ reason }, 'process.stopping');
    try {
      await starting;
      await running?.stop();
      await leave(logger, exitCode);
    } catch (error) {
      logger.error({ error }, 'process.stopped_badly');
      await leave(logger, 1);
    }
  };

  process.on('SIGINT', () => void stop('SIGINT', 0));
  process.on('SIGTERM', () => void stop('SIGTERM', 0));

  const starting = start(settings, logger, fileURLToPath(import.meta.url)).then(
    (started) => {
      running = started;
      if (stopping) return;
      process.stdout.write(`${started.welcome}\n`);
      void started.databaseLost.then(() => {
        if (!stopping)
          process.stderr.write('The embedded PostgreSQL has ended unexpectedly; Callbox stops.\n');
        void stop('database lost', 1);
        return abandon(logger);
      });
    },
    (error: unknown) => {
      process.stderr.write(
        `Callbox cannot start: ${error instanceof Error ? error.message : String(error)}\n`,
      );
      process.exit(1);
    },
  );
}

keepHeapSmall();
if (cluster.isWorker) runMember();
else run();
