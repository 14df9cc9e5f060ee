import { readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from './error.js';
import { asSelf, runAs } from './run-as.js';

const POLL_INTERVAL_MS = 20;
const HAS_PS = process.platform !== 'win32';

/** One row of the process table; `command` is the title that PostgreSQL's children give themselves, or the arguments. */
export interface ProcessRow {
  readonly pid: number;
  readonly command: string;
}

/** Is there a process of this pid that has not ended? */
export function isAlive(pid: number): boolean {
  return stateOf(pid) === 'alive';
}

/** `ended`: dead, but its pid stays until the parent collects it, which a careless first process never does. */
export function stateOf(pid: number): 'alive' | 'ended' | 'gone' {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM' ? 'alive' : 'gone';
  }
  return linuxStat(pid)?.[0] === 'Z' ? 'ended' : 'alive';
}

/**
 * A mark that tells a process from every other that has had or will have its pid: the time of its start.
 * `null` where that cannot be found out.
 */
export async function birthOf(pid: number): Promise<string | null> {
  const stat = linuxStat(pid);
  if (stat) {
    // Field 22 counts from boot, so it needs to be said which boot.
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    return `${boot.trim()}/${stat[19]}`;
  }
  if (!HAS_PS) return null;
  const { stdout } = await runAs(asSelf, { file: '/bin/ps', args: ['-o', 'lstart=', '-p', String(pid)] });
  return stdout.trim() || null;
}

/** Every process that this user may see; none on Windows. */
export async function listProcesses(): Promise<ProcessRow[]> {
  return (await listFromProc()) ?? (await listFromPs());
}

async function listFromProc(): Promise<ProcessRow[] | null> {
  if (process.platform !== 'linux') return null;
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return null;
  const rows = await Promise.all(
    pids.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), command: command.replaceAll('\0', ' ').trim() };
    }),
  );
  return rows.filter((row) => row.command !== '');
}

async function listFromPs(): Promise<ProcessRow[]> {
  if (!HAS_PS) return [];
  const { stdout } = await runAs(asSelf, { file: '/bin/ps', args: ['-axww', '-o', 'pid=,command='] });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid && command ? [{ pid: Number(pid), command }] : [];
  });
}

/** `[signal, how long to wait for the end]`, tried in order. */
export type Escalation = readonly (readonly [signal: NodeJS.Signals, waitMs: number])[];

/** Signals a process, ever more firmly, until it is gone; says whether it is. */
export async function endProcess(
  pid: number,
  escalation: Escalation,
  send: (pid: number, signal: NodeJS.Signals) => Promise<void> | void = sendSignal,
): Promise<boolean> {
  for (const [signal, waitMs] of escalation) {
    try {
      await send(pid, signal);
    } catch (error) {
      if (systemCode(error) !== 'ESRCH') return false;
    }
    if (await waitUntilGone(pid, waitMs)) return true;
  }
  return false;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  process.kill(pid, signal);
}

async function waitUntilGone(pid: number, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_INTERVAL_MS);
  }
  return true;
}

/** The fields of `/proc/<pid>/stat` from the third on; the second, a name, may itself hold spaces and brackets. */
function linuxStat(pid: number): string[] | null {
  if (process.platform !== 'linux') return null;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
