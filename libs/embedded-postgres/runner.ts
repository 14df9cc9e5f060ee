import { chmod, chown, lchown, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyBinaries, mendLinks, program, type Binaries } from './binaries.js';
import { EmbeddedPostgresError, USE_DATABASE_URL, messageOf, systemCode } from './error.js';
import { runAs, type Identity, type Owner } from './run-as.js';

/** What works on this machine: as whom to run, and the programs that this user can run. */
export interface Runner {
  readonly identity: Identity;
  readonly binaries: Binaries;
}

const UNLINKED = 'the libraries are not linked, and cannot be as the installation is read-only';
/** The program is there, but not the loader that it names: not a system with glibc. */
const NO_LOADER = /ENOENT|failed to execute .*No such file/;

/** Finds the first identity that can run the programs and reach the cluster, by letting it try. */
export async function findRunner(
  identities: readonly Identity[],
  binaries: Binaries,
  clusterDir: string,
): Promise<Runner> {
  const problems: string[] = [];
  const formerOwner = await stat(clusterDir);
  for (const identity of identities) {
    try {
      await openTheWay(identity, clusterDir);
      return { identity, binaries: await findUsable(identity, binaries, clusterDir) };
    } catch (error) {
      // The only one there is: what the system says of a file is clearer than any list.
      if (identities.length === 1 && systemCode(error)) throw error;
      problems.push(`  as ${identity.name}: ${messageOf(error)}`);
    }
  }
  if (identities[0]?.owner) await handOver(clusterDir, formerOwner).catch(() => undefined);
  throw cannotRun(clusterDir, problems);
}

async function openTheWay(identity: Identity, clusterDir: string): Promise<void> {
  if (!identity.owner) return;
  const dataDir = dirname(clusterDir);
  if (process.getuid?.() === 0 && identity.name !== 'unprivileged-with-access') {
    const closed = await findClosed(dirname(dataDir), identity.owner);
    if (closed) throw new Error(`user ${identity.owner.uid} may not enter ${closed}`);
  }
  const { uid, mode } = await stat(dataDir);
  // Others may pass through the data directory, not list it; the cluster inside is closed to them all the same.
  if (identity.name === 'unprivileged' && uid !== identity.owner.uid) await chmod(dataDir, mode | 0o001);
  await handOver(clusterDir, identity.owner);
}

/** Gives a tree to the user that PostgreSQL runs as. The top comes last: its owner tells whether all is done. */
async function handOver(folder: string, { uid, gid }: Owner): Promise<void> {
  if ((await stat(folder)).uid === uid) return;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), uid, gid);
  }
  await chown(folder, uid, gid);
}

/** The innermost folder on the way to this one that the user may not enter. */
async function findClosed(folder: string, user: Owner): Promise<string | null> {
  const { uid, gid, mode } = await stat(folder);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  if ((mode & bit) === 0) return folder;
  return dirname(folder) === folder ? null : findClosed(dirname(folder), user);
}

/** The programs where they were installed, or a copy of them in the data directory if this user cannot run those. */
async function findUsable(identity: Identity, binaries: Binaries, clusterDir: string): Promise<Binaries> {
  const complaint = (await mendLinks(binaries))
    ? await complaintOf({ identity, binaries }, clusterDir)
    : UNLINKED;
  if (!complaint) return binaries;
  // Another copy does not help where the change of user fails, or where the system has no loader for the program.
  const isOutOfReach =
    complaint === UNLINKED || (complaint.includes(binaries.root) && !NO_LOADER.test(complaint));
  if (!isOutOfReach) throw new Error(complaint);
  const copy = await copyBinaries(binaries, dirname(clusterDir));
  const complaintOfCopy = await complaintOf({ identity, binaries: copy }, clusterDir);
  if (complaintOfCopy) throw new Error(complaintOfCopy);
  return copy;
}

/**
 * Asks the server for a setting of the cluster, which needs everything that a start needs: the change of user, the
 * program, its libraries and the way to the directory. In one still empty it must get as far as missing the file.
 */
async function complaintOf({ identity, binaries }: Runner, clusterDir: string): Promise<string | null> {
  const args = ['-D', clusterDir, '-C', 'port'];
  const { code, stderr } = await runAs(identity, { file: program(binaries, 'postgres'), args });
  if (code === 0 || /postgresql\.conf": No such file or directory/.test(stderr)) return null;
  return stderr || `postgres ended with ${code ?? 'a signal'}`;
}

function cannotRun(clusterDir: string, problems: string[]): EmbeddedPostgresError {
  const advice = problems.some((problem) => NO_LOADER.test(problem))
    ? 'Its programs need glibc and do not run with musl (Alpine). Use another system,'
    : 'PostgreSQL never runs as root. Set CALLBOX_DATA_DIR to a folder that other users may enter, start Callbox as an ordinary user,';
  return new EmbeddedPostgresError(
    'cannot_run',
    [
      `the built-in PostgreSQL cannot run on ${clusterDir}:`,
      ...problems,
      `${advice} or ${USE_DATABASE_URL}.`,
    ].join('\n'),
  );
}
