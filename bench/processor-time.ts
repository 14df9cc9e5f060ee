import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds of processor time that the descendants of this process have used. */
export interface ProcessorTime {
  readonly nodeMs: number;
  readonly postgresMs: number;
}

interface Process {
  readonly id: number;
  readonly parentId: number;
  readonly name: string;
  readonly usedMs: number;
}

/** Of `proc(5)`: clock ticks are a hundredth of a second on every Linux that Node runs on. */
const TICK_MS = 10;

/** Reads it from /proc, `without` those processes; zeros where there is no /proc. */
export function processorTime(without: readonly number[] = []): ProcessorTime {
  const all = processes();
  const family = new Set([process.pid]);
  for (let before = 0; before < family.size;) {
    before = family.size;
    for (const { id, parentId } of all) if (family.has(parentId)) family.add(id);
  }
  const ours = all.filter(({ id }) => id !== process.pid && family.has(id) && !without.includes(id));
  const sum = (isWanted: (one: Process) => boolean): number =>
    ours.filter(isWanted).reduce((total, { usedMs }) => total + usedMs, 0);
  return {
    nodeMs: sum(({ name }) => !name.startsWith('postgres')),
    postgresMs: sum(({ name }) => name.startsWith('postgres')),
  };
}

function processes(): Process[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((id) => readProcess(Number(id)));
  } catch {
    return [];
  }
}

/** `[]` for one that has ended meanwhile. */
function readProcess(id: number): Process[] {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'utf8');
    const [, name = ''] = /\((.*)\)/s.exec(text) ?? [];
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = (at: number): number => Number(fields[at] ?? 0);
    // utime, stime and those of the children that were waited for.
    const usedMs = (ticks(11) + ticks(12) + ticks(13) + ticks(14)) * TICK_MS;
    return [{ id, parentId: ticks(1), name, usedMs }];
  } catch {
    return [];
  }
}
