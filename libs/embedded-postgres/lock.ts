import { createHash } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, USE_DATABASE_URL, systemCode } from './error.js';
import { birthOf, isAlive } from './processes.js';

/** One Callbox process has the data directory to itself while it holds this. */
export interface DataDirLock {
  release(): Promise<void>;
}

const ATTEMPTS = 5;
const RETRY_WITHIN_MS = 50;

/**
 * Takes the data directory for this process, or fails and names the process that has it.
 *
 * Each process announces itself by a file of its own and then looks for files of others: of two, the later is sure to
 * see the earlier. No file is ever shared or replaced, so a stale one can be removed without a race: its name, pid and
 * time of birth, belongs to a process that is gone for good. Two that see each other both step back and try again.
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const name = lockName(process.pid, await birthOf(process.pid));
  const lockFile = join(dataDir, name);
  for (let attempt = 1; ; attempt++) {
    if (!(await create(lockFile))) throw inUse(dataDir, name);
    const other = await findOther(dataDir, name);
    if (other === null) return { release: () => rm(lockFile, { force: true }) };
    await rm(lockFile, { force: true });
    if (attempt === ATTEMPTS) throw inUse(dataDir, other);
    await sleep(Math.random() * RETRY_WITHIN_MS);
  }
}

/** The process that has the data directory; `null` when none does. Leaves every file as it is. */
export async function holderOf(dataDir: string): Promise<number | null> {
  for (const name of await readdir(dataDir)) {
    const pid = pidOf(name);
    if (!Number.isNaN(pid) && (await isHolder(pid, name))) return pid;
  }
  return null;
}

/** The name of a process's lock file. The birth is in it because a pid alone is soon another process's. */
export function lockName(pid: number, birth: string | null): string {
  const mark = birth === null ? 'unknown' : createHash('sha256').update(birth).digest('hex').slice(0, 16);
  return `callbox-${pid}-${mark}.lock`;
}

function pidOf(name: string): number {
  return Number(/^callbox-([1-9]\d*)-\w+\.lock$/.exec(name)?.[1] ?? NaN);
}

async function create(lockFile: string): Promise<boolean> {
  try {
    await writeFile(lockFile, '', { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The lock of another process that lives. Clears away those of processes that do not. */
async function findOther(dataDir: string, ours: string): Promise<string | null> {
  for (const name of await readdir(dataDir)) {
    const pid = pidOf(name);
    if (name === ours || Number.isNaN(pid)) continue;
    if (await isHolder(pid, name)) return name;
    await rm(join(dataDir, name), { force: true });
  }
  return null;
}

async function isHolder(pid: number, name: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const birth = await birthOf(pid);
  return birth === null || name === lockName(pid, birth) || name === lockName(pid, null);
}

function inUse(dataDir: string, name: string): EmbeddedPostgresError {
  const pid = pidOf(name);
  return new EmbeddedPostgresError(
    'data_dir_in_use',
    `${dataDir} is in use by Callbox in process ${pid}${pid === process.pid ? ' (this one)' : ''}. ` +
      `Stop it first, or set CALLBOX_DATA_DIR to another folder, or ${USE_DATABASE_URL}.`,
  );
}
