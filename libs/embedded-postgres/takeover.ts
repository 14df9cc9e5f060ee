import { readFile, readlink, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError, systemCode } from './error.js';
import { endProcess, listProcesses, stateOf, type Escalation, type ProcessRow } from './processes.js';

/** Fast shutdown; then at once, without a checkpoint; a postmaster that is itself stopped obeys neither. */
export const END_POSTMASTER: Escalation = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 10_000],
  ['SIGKILL', 5_000],
];
/** An orphan may have been suspended, and would answer nothing but the last signal. */
const END_ORPHAN: Escalation = [['SIGCONT', 0], ...END_POSTMASTER];
const END_CHILD: Escalation = [
  ['SIGQUIT', 2_000],
  ['SIGKILL', 5_000],
];

/**
 * The name that PostgreSQL shows in the titles of all its processes. Device and inode tell this cluster from every
 * other that this machine can see, those in containers and copies of this one included.
 */
export async function clusterNameOf(clusterDir: string): Promise<string> {
  const { dev, ino } = await stat(clusterDir, { bigint: true });
  return `callbox-${dev.toString(16)}-${ino.toString(16)}`;
}

/**
 * Ends what a Callbox that was killed has left running on the cluster, so that there are never two servers on it.
 * To be called by the holder of the data directory's lock only.
 */
export async function endFormerServer(clusterDir: string, log: (line: string) => void): Promise<void> {
  const clusterName = await clusterNameOf(clusterDir);
  for (const { pid } of await findPostmasters(clusterDir, clusterName)) {
    log(`a PostgreSQL left running by an earlier start is being stopped (process ${pid})`);
    await end(pid, END_ORPHAN, clusterDir);
  }
  // Children of a postmaster that was killed end by themselves, but only when they next wait for something.
  const isChild = ({ command }: ProcessRow) => command.startsWith(`postgres: ${clusterName}: `);
  const children = (await listProcesses()).filter(isChild);
  await Promise.all(children.map(({ pid }) => end(pid, END_CHILD, clusterDir)));
  await removeMisleadingPidFile(clusterDir);
}

async function end(pid: number, escalation: Escalation, clusterDir: string): Promise<void> {
  if (await endProcess(pid, escalation)) return;
  throw new EmbeddedPostgresError(
    'data_dir_in_use',
    `a PostgreSQL of an earlier start still runs on ${clusterDir} as process ${pid} and cannot be stopped by this user. End that process and start again.`,
  );
}

async function findPostmasters(clusterDir: string, clusterName: string): Promise<ProcessRow[]> {
  const pidFromFile = await readPid(clusterDir);
  const servers = (await listProcesses()).filter(({ command }) => isServer(command));
  const named = servers.filter(({ command }) => command.includes(`cluster_name=${clusterName}`));
  const other = servers.find((row) => row.pid === pidFromFile && !named.includes(row));
  return other && (await worksOn(other, clusterDir)) === 'yes' ? [...named, other] : named;
}

/** `/some where/bin/postgres -D …`, as a postmaster's command line begins; its children have other titles. */
function isServer(command: string): boolean {
  return /(^|\/)postgres( -|$)/.test(command);
}

/** For a server that has another name, started by hand or by another program: is this its directory? */
async function worksOn({ pid, command }: ProcessRow, clusterDir: string): Promise<'yes' | 'no' | 'unknown'> {
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (folder !== null) return folder === (await realpath(clusterDir)) ? 'yes' : 'no';
  return `${command} `.includes(`-D ${clusterDir} `) ? 'yes' : 'unknown';
}

/**
 * PostgreSQL refuses to start while the pid in `postmaster.pid` is in use by anything, and when the file was cut
 * short by a power failure. A pid that is gone is left for PostgreSQL to judge: it also looks for the shared memory
 * that the file names.
 */
async function removeMisleadingPidFile(clusterDir: string): Promise<void> {
  const pid = await readPid(clusterDir);
  if (pid === null) return;
  const state = Number.isNaN(pid) ? 'ended' : stateOf(pid);
  const isMisleading = state === 'ended' || (state === 'alive' && (await isForeign(pid, clusterDir)));
  if (isMisleading) await rm(join(clusterDir, 'postmaster.pid'), { force: true });
}

/** Only a process that can be seen can be ruled out to be this cluster's server. */
async function isForeign(pid: number, clusterDir: string): Promise<boolean> {
  const row = (await listProcesses()).find((candidate) => candidate.pid === pid);
  return row !== undefined && (!isServer(row.command) || (await worksOn(row, clusterDir)) === 'no');
}

/** `null` without a file, `NaN` when there is no pid in it. */
async function readPid(clusterDir: string): Promise<number | null> {
  try {
    const [firstLine] = (await readFile(join(clusterDir, 'postmaster.pid'), 'utf8')).split('\n');
    return /^\d+$/.test(firstLine ?? '') ? Number(firstLine) : NaN;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}
