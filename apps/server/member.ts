import cluster from 'node:cluster';
import { createLogger, type Logger } from '#logging';
import { leave } from './leaving.js';
import { isOurs, type ToMember } from './process-messages.js';
import { say, Siblings } from './siblings.js';
import { type Serving, serve } from './start.js';

const STOP_WITHIN_MS = 25_000;

/** Runs this process as one of several that share a port; the primary one says what to serve, and when to stop. */
export function runMember(): void {
  let logger: Logger | undefined;
  let serving: Promise<Serving> | undefined;
  let isStopping = false;

  const stop = async (reason: string): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    logger?.info({ reason }, 'process.stopping');
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    try {
      await (await serving)?.app.close();
      if (logger !== undefined) await leave(logger, 0);
      process.exit(0);
    } catch (error) {
      logger?.error({ error }, 'process.stopped_badly');
      process.exit(1);
    }
  };

  process.on('message', (message: unknown) => {
    if (!isOurs<ToMember>(message)) return;
    if (message.kind === 'stop') void stop('primary');
    if (message.kind !== 'serve') return;
    logger = createLogger(message.settings.logLevel);
    serving = serve(message.settings, logger, {
      siblings: new Siblings(),
      bootstraps: message.bootstraps,
    });
    serving.then(({ welcome }) => say({ kind: 'ready', welcome }), fail);
  });
  say({ kind: 'listening' });
  // Ctrl-C reaches every process of the terminal, the primary one as well.
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('SIGTERM', () => void stop('SIGTERM'));
  cluster.worker?.on('disconnect', () => {
    // Else Node ends the process at once, and what it has taken in is not answered.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    void stop('primary lost');
  });
}

function fail(error: unknown): void {
  say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  setTimeout(() => process.exit(1), 100);
}
