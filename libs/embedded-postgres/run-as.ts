import { spawn, type ChildProcess } from 'node:child_process';
import { messageOf } from './error.js';

/** As whom PostgreSQL's programs run; it refuses to run as root. */
export interface Identity {
  readonly name: 'self' | 'user-namespace' | 'unprivileged' | 'unprivileged-with-access';
  /** A program and its arguments that change the user and then become the command that follows (same pid). */
  readonly prefix: readonly string[];
  /** The user that node changes to itself, when no program does. */
  readonly user?: Owner;
  /** Who must own the files, as seen from outside; `null` where files have no numeric owner (Windows). */
  readonly owner: Owner | null;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The user that this process already is. */
export const asSelf: Identity = {
  name: 'self',
  prefix: [],
  owner: process.getuid && process.getgid ? { uid: process.getuid(), gid: process.getgid() } : null,
};

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** In a session of its own, out of reach of the terminal's Ctrl-C. */
  readonly detached?: boolean;
}

export interface Finished {
  /** `null` when the program was killed or could not be started. */
  readonly code: number | null;
  readonly stdout: string;
  /** What the program complained of, or why it could not be started. */
  readonly stderr: string;
}

// Nothing of the surrounding environment passes: PGDATA, PGPORT, LD_LIBRARY_PATH or a foreign locale would change
// what runs. The messages are read by this lib, so they are asked for in English.
// On Windows node itself adds the few variables without which nothing runs there, PATH among them.
const ENVIRONMENT = process.platform === 'win32' ? { LC_ALL: 'C' } : { LC_ALL: 'C', PATH: '/usr/bin:/bin' };

/** Starts a command under an identity; the caller watches it. */
export function spawnAs(identity: Identity, { file, args, detached, stdin }: Command): ChildProcess {
  const [program = file, ...rest] = [...identity.prefix, file, ...args];
  return spawn(program, rest, {
    env: ENVIRONMENT,
    cwd: '/',
    detached: detached ?? false,
    windowsHide: true,
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...identity.user,
  });
}

/** Runs a command to its end and collects what it said; never throws. */
export function runAs(identity: Identity, command: Command): Promise<Finished> {
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawnAs(identity, command);
    } catch (error) {
      // Some failures of spawn are thrown, e.g. EPERM where the change of user is forbidden.
      return resolve({ code: null, stdout: '', stderr: messageOf(error) });
    }
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (error) => resolve({ code: null, stdout, stderr: error.message }));
    child.once('close', (code) => resolve({ code, stdout, stderr: stderr.trim() }));
    child.stdin?.on('error', () => undefined); // the program may end before it has read everything
    child.stdin?.end(command.stdin);
  });
}
