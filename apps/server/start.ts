import { readFileSync } from 'node:fs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from '#config';
import { connectionsAllowed, migrate, mostConnections } from '#database';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#embedded-postgres';
import type { Logger } from '#logging';
import { Bootstrap, type Welcome } from './bootstrap.js';
import { createApp } from './create-app.js';
import { withMasterKeys } from './master-key-file.js';
import { Members } from './members.js';
import type { Siblings } from './siblings.js';
import { welcomeText } from './welcome.js';

/** For other programs beside Callbox on the embedded database, and for PostgreSQL itself. */
const OTHER_CONNECTIONS = 20;
const LEAST_CONNECTIONS = 100;
/** That many senders may connect at once; beyond it the kernel lets them try again after seconds. */
const MOST_WAITING_CONNECTIONS = 4_096;

/** A running Callbox. */
export interface Running {
  /** What to show in the terminal. */
  readonly welcome: string;
  /** Settles when the embedded PostgreSQL ends by itself; never on a database of one's own. */
  readonly databaseLost: Promise<void>;
  /** Drains and stops everything, PostgreSQL last. */
  stop(): Promise<void>;
}

/** A process that answers requests. */
export interface Serving {
  readonly app: NestFastifyApplication;
  readonly welcome: Welcome | null;
}

interface ServingOptions {
  /** `null`: this process serves alone. */
  readonly siblings: Siblings | null;
  /** Whether this process makes what an installation has from its first start on. */
  readonly bootstraps: boolean;
}

/**
 * Starts everything that the settings ask for, in order; what was started is stopped again when a later step fails.
 * `entry` is the program that further processes run.
 */
export async function start(settings: Settings, logger: Logger, entry: string): Promise<Running> {
  const embedded = settings.databaseUrl === undefined ? await startDatabase(settings, logger) : null;
  let stopServing = (): Promise<void> => Promise.resolve();
  const stop = async (): Promise<void> => {
    await stopServing();
    await embedded?.stop();
  };
  try {
    const complete = await completeSettings(settings, embedded);
    const migrationsRun = await migrate(complete.databaseUrl ?? '');
    await warnOfFewConnections(complete, logger);
    let welcome: Welcome | null;
    if (settings.processes > 1) {
      const members = new Members(complete, logger, entry);
      stopServing = () => members.stop();
      welcome = await members.start();
    } else {
      const serving = await serve(complete, logger, { siblings: null, bootstraps: true });
      stopServing = () => serving.app.close();
      welcome = serving.welcome;
    }
    const database =
      embedded === null ? 'the one in DATABASE_URL' : `PostgreSQL ${embedded.version} in ${settings.dataDir}`;
    const facts = { version: packageVersion(), database, migrationsRun };
    return {
      welcome: welcomeText(complete, welcome, facts),
      databaseLost: lossOf(embedded),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Answers requests on the port of the settings, in this process. */
export async function serve(
  settings: Settings,
  logger: Logger,
  { siblings, bootstraps }: ServingOptions,
): Promise<Serving> {
  const app = await createApp(settings, logger, packageVersion(), siblings);
  try {
    await app.init();
    const welcome = bootstraps ? await app.get(Bootstrap).run() : null;
    await listen(app, settings);
    return { app, welcome };
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function listen(app: NestFastifyApplication, { port, host }: Settings): Promise<void> {
  try {
    await app.listen({ port, host, backlog: MOST_WAITING_CONNECTIONS });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') throw error;
    throw new Error(`port ${port} of ${host} is taken; set PORT to a free one, for example PORT=${port + 1}`);
  }
}

function lossOf(embedded: EmbeddedPostgres | null): Promise<void> {
  return new Promise((resolve) => {
    void embedded?.exited.then(({ expected }) => {
      if (!expected) resolve();
    });
  });
}

function startDatabase(settings: Settings, logger: Logger): Promise<EmbeddedPostgres> {
  const connections = Math.max(LEAST_CONNECTIONS, mostConnections(settings.processes) + OTHER_CONNECTIONS);
  return startEmbeddedPostgres({
    dataDir: settings.dataDir,
    log: (line) => logger.debug({ line }, 'postgres'),
    settings: { max_connections: String(connections) },
  });
}

async function completeSettings(settings: Settings, embedded: EmbeddedPostgres | null): Promise<Settings> {
  return { ...(await withMasterKeys(settings)), databaseUrl: embedded?.url ?? settings.databaseUrl };
}

/** Too few are no reason not to start: not every pool is ever full, and other machines may be meant to share them. */
async function warnOfFewConnections({ databaseUrl, processes }: Settings, logger: Logger): Promise<void> {
  const needed = mostConnections(processes);
  const allowed = await connectionsAllowed(databaseUrl ?? '');
  if (allowed < needed) logger.warn({ needed, allowed }, 'database.few_connections');
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
