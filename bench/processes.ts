import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second for programs that ask, whatever its own clock is. */
const TICKS_PER_SECOND = 100;
const MOST_SCANS = 5;

/** Whether this machine says what its processes use: Linux does, under /proc. */
export const canMeasureProcesses = process.platform === 'linux';

interface Stat {
  readonly parent: number;
  /** Of the process itself. */
  readonly own: number;
  /** Of its children that have ended. */
  readonly ofEnded: number;
}

/** CPU seconds that a process has used so far; `null` where that cannot be told. */
export function cpuSecondsOf(pid: number): number | null {
  const stat = readStat(pid);
  return stat === null ? null : stat.own / TICKS_PER_SECOND;
}

/**
 * CPU seconds of a postmaster and of all its children so far. Those that have ended since (autovacuum, closed
 * connections) are in the postmaster's own account of ended children, so that no time is missed between two calls.
 */
export function cpuSecondsWithChildren(pid: number): number | null {
  for (let attempt = 0; attempt < MOST_SCANS; attempt += 1) {
    const before = readStat(pid);
    if (before === null) return null;
    const ticks = ticksOfChildren(pid);
    const after = readStat(pid);
    // A child that ended meanwhile is in neither sum: look again.
    if (after !== null && after.ofEnded === before.ofEnded)
      return (after.own + after.ofEnded + ticks) / TICKS_PER_SECOND;
  }
  return null;
}

function ticksOfChildren(pid: number): number {
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const child = readStat(Number(name));
    if (child?.parent === pid) ticks += child.own + child.ofEnded;
  }
  return ticks;
}

/** CPU seconds that the whole machine has spent on anything; `null` where that cannot be told. */
export function cpuSecondsOfMachine(): number | null {
  const [, numbers] = /^cpu\s+([\d ]+)$/m.exec(read('/proc/stat') ?? '') ?? [];
  if (numbers === undefined) return null;
  // user, nice, system, idle, iowait, irq, softirq, steal
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = numbers
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

/** Memory of a process that is in RAM, in bytes; `null` where that cannot be told. */
export function residentBytesOf(pid: number): number | null {
  const text = read(`/proc/${pid}/status`);
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(text ?? '') ?? [];
  return kilobytes === undefined ? null : Number(kilobytes) * 1_024;
}

/** Looks at a process ten times a second until told to stop, which gives the most memory seen. */
export function watchResidentBytes(pid: number): () => number | null {
  let most = residentBytesOf(pid);
  const timer = setInterval(() => {
    const now = residentBytesOf(pid);
    if (now !== null) most = Math.max(most ?? 0, now);
  }, 100);
  return () => {
    clearInterval(timer);
    return most;
  };
}

function readStat(pid: number): Stat | null {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name, in parentheses, may hold anything; after it: state, parent, …
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0] = fields;
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
  return { parent, own: user + system, ofEnded: endedUser + endedSystem };
}

function read(file: string): string | null {
  if (!canMeasureProcesses) return null;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** How many files and sockets this process may have open at once. */
export function mostOpenFiles(): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits') ?? '') ?? [];
  return Number(soft ?? 4_096);
}
