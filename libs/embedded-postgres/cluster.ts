import { randomBytes, randomUUID } from 'node:crypto';
import { chown, mkdir, open, readFile, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { program } from './binaries.js';
import { EmbeddedPostgresError, systemCode } from './error.js';
import { runAs } from './run-as.js';
import type { Runner } from './runner.js';

/** The role that owns the cluster and that Callbox connects as. */
export const USER = 'callbox';

/** The database in it that Callbox uses. */
export const DATABASE = 'callbox';

/** PostgreSQL's own, so that text is the same on every system, and is compared as the bytes that it is. */
const LOCALE = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

/** Is there a cluster? Its directory gets its name only when it is whole, so a killed initdb leaves nothing under it. */
export async function isCluster(clusterDir: string): Promise<boolean> {
  if (await isThere(join(clusterDir, 'global', 'pg_control'))) return true;
  if (!(await isThere(clusterDir)) || (await readdir(clusterDir)).length === 0) return false;
  throw new EmbeddedPostgresError(
    'data_dir_unusable',
    `${clusterDir} holds files but no complete PostgreSQL cluster. Move it away, or set CALLBOX_DATA_DIR to another folder.`,
  );
}

/** Makes the empty directory in which a new cluster grows, and clears away those of attempts that were killed. */
export async function makeDraft(clusterDir: string): Promise<string> {
  const [dataDir, prefix] = [dirname(clusterDir), `${basename(clusterDir)}.new-`];
  const abandoned = (await readdir(dataDir)).filter((name) => name.startsWith(prefix));
  // The initdb of a start that was killed may still be writing: hence a new name each time, and another try at
  // removing the old one at the next start.
  await Promise.allSettled(
    abandoned.map((name) => rm(join(dataDir, name), { recursive: true, force: true })),
  );
  const draft = join(dataDir, prefix + randomUUID());
  await mkdir(draft, { mode: 0o700 });
  return draft;
}

export interface NewCluster {
  /** From {@link makeDraft}. */
  readonly draft: string;
  readonly clusterDir: string;
  readonly password: string;
  readonly noSync: boolean;
}

/** Runs initdb in the draft and gives the result its name. */
export async function createCluster({ identity, binaries }: Runner, cluster: NewCluster): Promise<void> {
  const { draft, clusterDir, password, noSync } = cluster;
  const passwordFile = `${draft}.password`;
  await writeDurably(passwordFile, password + '\n');
  if (identity.owner) await chown(passwordFile, identity.owner.uid, identity.owner.gid);
  const args = ['-D', draft, `--username=${USER}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  args.push('--encoding=UTF8', ...LOCALE, '--data-checksums', ...(noSync ? ['--no-sync'] : []));
  const { code, stderr } = await runAs(identity, { file: program(binaries, 'initdb'), args });
  await rm(passwordFile, { force: true });
  if (code === 0) return putInPlace(draft, clusterDir);
  throw new EmbeddedPostgresError('start_failed', `initdb could not make a cluster in ${draft}: ${stderr}`);
}

async function putInPlace(draft: string, clusterDir: string): Promise<void> {
  await rmdir(clusterDir).catch(() => undefined); // an empty one, if any: rename does not replace it on Windows
  await rename(draft, clusterDir);
  await syncFolder(dirname(clusterDir));
}

/** A cluster can only be opened by the major version that made it. */
export async function refuseOtherVersion(clusterDir: string, packageVersion: string): Promise<void> {
  const madeBy = (await readFile(join(clusterDir, 'PG_VERSION'), 'utf8')).trim();
  const [installed] = packageVersion.split('.');
  if (madeBy === installed) return;
  throw new EmbeddedPostgresError(
    'data_dir_unusable',
    `${clusterDir} was made by PostgreSQL ${madeBy}, and the built-in one is ${installed}. ` +
      `Dump it with the version of Callbox that made it and restore it here, or set CALLBOX_DATA_DIR to a new folder.`,
  );
}

/** The cluster's password, or `null` if its file is not there. */
export async function readPassword(dataDir: string): Promise<string | null> {
  const file = passwordFileIn(dataDir);
  return (await isThere(file)) ? (await readFile(file, 'utf8')).trim() || null : null;
}

/** Makes a password that needs no escaping anywhere. */
export function makePassword(): string {
  return randomBytes(24).toString('hex');
}

/** Keeps the password for the next start, readable by this user alone. */
export async function savePassword(dataDir: string, password: string): Promise<void> {
  const file = passwordFileIn(dataDir);
  await writeDurably(file, password + '\n');
  // Root leaves it to the folder's owner, who may start the cluster next.
  const { uid, gid } = await stat(dataDir);
  if (process.getuid?.() === 0) await chown(file, uid, gid);
  await syncFolder(dataDir);
}

function passwordFileIn(dataDir: string): string {
  return join(dataDir, 'postgres-password');
}

/** For a cluster whose password file is gone: sets a new one, without a server. */
export async function resetPassword(runner: Runner, clusterDir: string, password: string): Promise<void> {
  const { code, stderr } = await runAs(runner.identity, {
    file: program(runner.binaries, 'postgres'),
    args: ['--single', '-D', clusterDir, 'postgres'],
    stdin: `alter role ${USER} password '${password}'\n`,
  });
  if (code === 0 && !/ERROR|FATAL/.test(stderr)) return;
  throw new EmbeddedPostgresError(
    'start_failed',
    `the password of ${clusterDir} could not be set: ${stderr}`,
  );
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a new name in the folder survive a power failure. Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
