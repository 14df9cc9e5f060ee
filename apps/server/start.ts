import { readFileSync } from 'node:fs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from '#config';
import { migrate } from '#database';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#embedded-postgres';
import type { Logger } from '#logging';
import { Bootstrap } from './bootstrap.js';
import { createApp } from './create-app.js';
import { withMasterKeys } from './master-key-file.js';
import { welcomeText } from './welcome.js';

/** A running Callbox. */
export interface Running {
  readonly app: NestFastifyApplication;
  /** What to show in the terminal. */
  readonly welcome: string;
  /** Settles when the embedded PostgreSQL ends by itself; never on a database of one's own. */
  readonly databaseLost: Promise<unknown>;
  /** Drains and stops everything, PostgreSQL last. */
  stop(): Promise<void>;
}

/** Starts everything that the settings ask for, in order; what was started is stopped again when a later step fails. */
export async function start(settings: Settings, logger: Logger): Promise<Running> {
  const embedded = settings.databaseUrl === undefined ? await startDatabase(settings, logger) : null;
  let app: NestFastifyApplication | undefined;
  const stop = async (): Promise<void> => {
    await app?.close();
    await embedded?.stop();
  };
  try {
    const complete = await completeSettings(settings, embedded);
    const migrationsRun = await migrate(complete.databaseUrl ?? '');
    const version = packageVersion();
    app = await createApp(complete, logger, version);
    await app.init();
    const welcome = await app.get(Bootstrap).run();
    await listen(app, complete);
    const database =
      embedded === null ? 'the one in DATABASE_URL' : `PostgreSQL ${embedded.version} in ${settings.dataDir}`;
    return {
      app,
      welcome: welcomeText(complete, welcome, { version, database, migrationsRun }),
      databaseLost: embedded?.exited ?? new Promise(() => undefined),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listen(app: NestFastifyApplication, { port, host }: Settings): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
    throw new Error(`port ${port} of ${host} is taken; set PORT to a free one, for example PORT=${port + 1}`);
  }
}

function startDatabase(settings: Settings, logger: Logger): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: settings.dataDir,
    log: (line) => logger.debug({ line }, 'postgres'),
  });
}

async function completeSettings(settings: Settings, embedded: EmbeddedPostgres | null): Promise<Settings> {
  return { ...(await withMasterKeys(settings)), databaseUrl: embedded?.url ?? settings.databaseUrl };
}

function packageVersion(): string {
  // From dist/apps/server as from apps/server the manifest is found by its name, not by its distance.
  for (const path of ['../../../package.json', '../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string })
        .version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}
