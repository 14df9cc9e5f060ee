import { setTimeout as sleep } from 'node:timers/promises';
import { checkReceipts } from './check.js';
import type { LoadGenerator, LoadRun } from './load/load-generator.js';
import { BOTTLENECK_SHARE, type LoadResult, type LoadSpec } from './load/load-spec.js';
import { cpuSecondsOf, cpuSecondsWithChildren } from './processes.js';
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
  /** Per stored event: written to the log of PostgreSQL, and added to its tables and indexes. */
  readonly walBytes: number | null;
  readonly tableBytes: number | null;
  readonly compared: number;
  readonly violations: readonly string[];
}

/** A load without what the generator fills in. */
export type Load = Omit<LoadSpec, 'idPrefix' | 'receiptsFile'>;

interface Usage {
  readonly server: number | null;
  readonly postgres: number | null;
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
  const storedBefore = keepsEvents ? new Set(await measured.storedIds()) : new Set<string>();
  const usage: Partial<Record<'begin' | 'end', Usage>> = {};
  const run = await generator.run(load, (edge) => (usage[edge] = usageOf(measured)));
  const storedIds = (await measured.storedIds()).filter((id) => !storedBefore.has(id));
  const after = await writtenBy(measured);
  const { result } = run;
  const answered = result.perSecond * result.seconds;
  const used = (of: keyof Usage): number | null => {
    const [begin, end] = [usage.begin?.[of] ?? null, usage.end?.[of] ?? null];
    return begin === null || end === null || answered === 0 ? null : ((end - begin) * 1e6) / answered;
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

/** What the generator has to say of itself, if anything. */
export function generatorWarning({ result }: Pick<Turn, 'result'>): string | null {
  const share = Math.max(result.cpuSeconds / result.seconds, result.busyShare);
  if (share <= BOTTLENECK_SHARE) return null;
  return `the load generator used ${Math.round(share * 100)} % of a core: it may be what was measured`;
}

function usageOf({ pid, postmasterPid }: Measured): Usage {
  return {
    server: cpuSecondsOf(pid),
    postgres: postmasterPid === null ? 0 : cpuSecondsWithChildren(postmasterPid),
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
