import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkReceipts } from './check.js';
import type { LoadGenerator, LoadRun } from './load/load-generator.js';
import { BOTTLENECK_SHARE, type LoadResult, type LoadSpec } from './load/load-spec.js';
import { cpuSecondsOf, cpuSecondsOfMachine, cpuSecondsWithChildren } from './processes.js';
import type { Measured } from './servers.js';

/** CPU microseconds per answered request; `null` where that cannot be told. */
export interface CpuPerEvent {
  readonly serverUs: number | null;
  readonly postgresUs: number | null;
  readonly generatorUs: number;
}

/** One run of the generator against one server on fresh data. */
export interface Turn {
  readonly result: LoadResult;
  readonly cpu: CpuPerEvent;
  /** Of the machine's cores, what programs used that are no part of this; `null` where that cannot be told. */
  readonly othersShare: number | null;
  /** Per stored event: written to the log of PostgreSQL, and added to its tables and indexes. */
  readonly walBytes: number | null;
  readonly tableBytes: number | null;
  readonly compared: number;
  readonly violations: readonly string[];
}

const MOST_LATENESS_MS = 2;
const MOST_OF_OTHERS = 0.05;

/** A load without what the generator fills in. */
export type Load = Omit<LoadSpec, 'idPrefix' | 'receiptsFile'>;

interface Usage {
  readonly server: number | null;
  readonly postgres: number | null;
  readonly machine: number | null;
}

/** Measures one load on fresh data, and checks afterwards that every answer was true. */
export async function takeTurn(
  generator: LoadGenerator,
  measured: Measured,
  load: Load,
  { keepsEvents = false }: { readonly keepsEvents?: boolean } = {},
): Promise<Turn> {
  if (!keepsEvents) await measured.reset();
  const before = await writtenBy(measured);
  const sinceMs = keepsEvents ? Date.now() : 0;
  const usage: Partial<Record<'begin' | 'end', Usage>> = {};
  const run = await generator.run(load, (edge) => (usage[edge] = usageOf(measured)));
  const storedIds = await measured.storedIds(sinceMs);
  const after = await writtenBy(measured);
  const { result } = run;
  const answered = result.perSecond * result.seconds;
  const seconds = (of: keyof Usage): number | null => {
    const [begin, end] = [usage.begin?.[of] ?? null, usage.end?.[of] ?? null];
    return begin === null || end === null ? null : end - begin;
  };
  const used = (of: keyof Usage): number | null => {
    const spent = seconds(of);
    return spent === null || answered === 0 ? null : (spent * 1e6) / answered;
  };
  const perStored = (of: 'wal' | 'tables'): number | null =>
    before === null || after === null || storedIds.length === 0
      ? null
      : (after[of] - before[of]) / storedIds.length;
  const checked = measured.pool === null ? { compared: 0, violations: [] } : checkReceipts(run, storedIds);
  if (!keepsEvents) await measured.reset();
  return {
    result,
    cpu: {
      serverUs: used('server'),
      postgresUs: used('postgres'),
      generatorUs: answered === 0 ? 0 : (result.cpuSeconds * 1e6) / answered,
    },
    othersShare: othersShare(result, [seconds('machine'), seconds('server'), seconds('postgres')]),
    walBytes: perStored('wal'),
    tableBytes: perStored('tables'),
    compared: checked.compared,
    violations: [...checked.violations, ...unexpectedAnswers(load, run)],
  };
}

/** Refusals are an answer to too much; anything else that is not 200 means that the bench measures the wrong thing. */
function unexpectedAnswers({ ratePerSecond }: Load, { result }: LoadRun): string[] {
  const allowed = new Set(ratePerSecond === undefined ? ['200'] : ['200', '503', '429']);
  const others = Object.entries(result.byStatus).filter(([status]) => !allowed.has(status));
  return others.map(([status, count]) => `${count} answers ${status}`);
}

function othersShare(
  { cpuSeconds, seconds }: LoadResult,
  [machine = null, server = null, postgres = null]: readonly (number | null)[],
): number | null {
  if (machine === null || server === null || postgres === null) return null;
  return Math.max(0, machine - server - postgres - cpuSeconds) / (seconds * availableParallelism());
}

/** What makes the figures of some turns doubtful, if anything. */
export function doubtsAbout(turns: readonly Turn[]): string[] {
  const count = (isDoubtful: (turn: Turn) => boolean) => turns.filter(isDoubtful).length;
  const busy = count(({ result }) => {
    return Math.max(result.cpuSeconds / result.seconds, result.busyShare) > BOTTLENECK_SHARE;
  });
  const late = count(({ result }) => result.lateness.p99Ms > MOST_LATENESS_MS);
  const shared = count((turn) => (turn.othersShare ?? 0) > MOST_OF_OTHERS);
  const of = (some: number) => `in ${some} of ${turns.length} runs`;
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return [
    busy > 0
      ? `the load generator used more than ${percent(BOTTLENECK_SHARE)} of a core ${of(busy)}: it may be what was measured`
      : '',
    late > 0
      ? `the load generator sent one in a hundred requests more than ${MOST_LATENESS_MS} ms late ${of(late)}`
      : '',
    shared > 0 ? `other programs used more than ${percent(MOST_OF_OTHERS)} of the machine ${of(shared)}` : '',
  ].filter((line) => line !== '');
}

function usageOf({ pid, postmasterPid }: Measured): Usage {
  return {
    server: cpuSecondsOf(pid),
    postgres: postmasterPid === null ? 0 : cpuSecondsWithChildren(postmasterPid),
    machine: cpuSecondsOfMachine(),
  };
}

interface Written {
  readonly wal: number;
  readonly tables: number;
}

async function writtenBy({ pool }: Measured): Promise<Written | null> {
  if (pool === null) return null;
  const { rows } = await pool.query<{ wal: string; tables: string }>(
    `select pg_current_wal_lsn() - '0/0'::pg_lsn as wal, pg_database_size(current_database()) as tables`,
  );
  return { wal: Number(rows[0]?.wal), tables: Number(rows[0]?.tables) };
}

/** Lets what one turn has left to do end before the next one begins. */
export function settle(): Promise<void> {
  return sleep(200);
}
