import { mkdir, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import { findBinaries } from './binaries.js';
import {
  DATABASE,
  USER,
  createCluster,
  isCluster,
  makeDraft,
  makePassword,
  readPassword,
  refuseOtherVersion,
  resetPassword,
  savePassword,
} from './cluster.js';
import { EmbeddedPostgresError, messageOf, systemCode } from './error.js';
import { possibleIdentities } from './identities.js';
import { lockDataDir } from './lock.js';
import { launchPostmaster, type Postmaster, type PostmasterExit } from './postmaster.js';
import type { Identity } from './run-as.js';
import { findRunner, type Runner } from './runner.js';
import { serverSettings } from './settings.js';
import { clusterNameOf, endFormerServer } from './takeover.js';

export interface EmbeddedPostgresOptions {
  /** Made if missing. Holds the cluster, its password and the lock. */
  readonly dataDir: string;
  /** Gets PostgreSQL's log, line by line. */
  readonly log?: (line: string) => void;
  /** Faster and not durable; for tests only. */
  readonly noSync?: boolean;
  /** Server settings beyond the defaults; addresses, port and cluster name stay ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** `postgres://user:password@127.0.0.1:port/callbox`; the port is another one at every start. */
  readonly url: string;
  /** As PostgreSQL says it, e.g. `17.10`. */
  readonly version: string;
  /** Settles when the server has ended, by `stop()` or by itself; never rejects. `stop()` is due in either case. */
  readonly exited: Promise<PostmasterExit>;
  /** Ends the server, waits until it is gone, and frees the data directory. */
  stop(): Promise<void>;
}

/** Starts the PostgreSQL of the data directory; makes it if there is none, takes it over if its owner was killed. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return startAs(possibleIdentities, options);
}

/** As {@link startEmbeddedPostgres}, with another way to choose as whom. */
export async function startAs(
  identitiesFor: (dataDir: string) => Promise<Identity[]>,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  try {
    const settled = { ...options, dataDir: await makeDataDir(dataDir) };
    return await startLocked(await identitiesFor(settled.dataDir), settled);
  } catch (error) {
    throw explain(error, dataDir);
  }
}

async function startLocked(
  identities: readonly Identity[],
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const lock = await lockDataDir(options.dataDir);
  let server: Postmaster | undefined;
  const stop = async () => {
    await server?.stop();
    await lock.release();
  };
  try {
    const { postmaster, password } = await startServer(identities, options);
    server = postmaster;
    const url = (database: string) =>
      `postgres://${USER}:${password}@127.0.0.1:${postmaster.port}/${database}`;
    const version = await ensureDatabase(url('postgres'));
    return { url: url(DATABASE), version, exited: postmaster.exited, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startServer(
  identities: readonly Identity[],
  { dataDir, settings = {}, noSync = false, log = () => undefined }: EmbeddedPostgresOptions,
): Promise<{ postmaster: Postmaster; password: string }> {
  const binaries = await findBinaries();
  const clusterDir = join(dataDir, 'postgres');
  const savedPassword = await readPassword(dataDir);
  const password = savedPassword ?? makePassword();
  let runner: Runner;
  if (await isCluster(clusterDir)) {
    await refuseOtherVersion(clusterDir, binaries.packageVersion);
    await endFormerServer(clusterDir, log);
    runner = await findRunner(identities, binaries, clusterDir);
    if (!savedPassword) await resetPassword(runner, clusterDir, password);
  } else {
    const draft = await makeDraft(clusterDir);
    try {
      runner = await findRunner(identities, binaries, draft);
      await createCluster(runner, { draft, clusterDir, password, noSync });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  // After the cluster has it: a start killed in between finds none saved and sets another.
  if (!savedPassword) await savePassword(dataDir, password);
  const clusterName = await clusterNameOf(clusterDir);
  const plan = { clusterDir, settings: serverSettings({ clusterName, noSync, settings }), log };
  return { postmaster: await launchPostmaster(runner, plan), password };
}

/** Makes the database if it is missing, and says the server's version. */
async function ensureDatabase(url: string): Promise<string> {
  const client = new Client({ connectionString: url, ssl: false, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; exists: boolean }>(
      `select current_setting('server_version') as version, exists (select from pg_database where datname = $1)`,
      [DATABASE],
    );
    if (!rows[0]?.exists) await client.query(`create database ${DATABASE}`);
    return rows[0]?.version ?? '';
  } finally {
    await client.end();
  }
}

/** The data directory closed to others, without links in its path. */
async function makeDataDir(dataDir: string): Promise<string> {
  await mkdir(dirname(dataDir), { recursive: true });
  await mkdir(dataDir, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
  return realpath(dataDir);
}

function explain(error: unknown, dataDir: string): unknown {
  const isAboutFiles = systemCode(error) !== undefined && 'path' in (error as object);
  if (!isAboutFiles) return error;
  return new EmbeddedPostgresError(
    'data_dir_unusable',
    `${dataDir} cannot be used: ${messageOf(error)}. ` +
      `If it belongs to another user, run Callbox as that user or give it to this one (chown -R), or set CALLBOX_DATA_DIR to another folder.`,
    { cause: error },
  );
}
