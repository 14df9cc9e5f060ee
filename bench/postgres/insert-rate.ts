import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cpuSecondsWithChildren } from '../processes.js';
import type { PlainDatabase } from '../servers.js';
import type { InserterMessage, InsertResult, InsertSpec } from './inserter.js';

/** What inserting alone comes to, without a server in between. */
export interface InsertTurn {
  readonly result: InsertResult;
  /** CPU microseconds of PostgreSQL per row; `null` where that cannot be told. */
  readonly postgresUs: number | null;
  readonly clientUs: number;
  readonly violations: readonly string[];
}

/** Inserts for a while from a process of its own, into the emptied plain table, and counts the rows afterwards. */
export async function takeInsertTurn(
  database: PlainDatabase,
  spec: Omit<InsertSpec, 'databaseUrl'>,
): Promise<InsertTurn> {
  await database.reset();
  const cpu: Partial<Record<'begin' | 'end', number | null>> = {};
  const result = await runInserter({ ...spec, databaseUrl: database.url }, (edge) => {
    cpu[edge] = cpuSecondsWithChildren(database.postmasterPid);
  });
  const { rows } = await database.pool.query<{ count: string }>('select count(*) from plain_events');
  const stored = Number(rows[0]?.count);
  await database.reset();
  const inserted = result.rowsPerSecond * result.seconds;
  const [begin, end] = [cpu.begin ?? null, cpu.end ?? null];
  return {
    result,
    postgresUs: begin === null || end === null ? null : ((end - begin) * 1e6) / inserted,
    clientUs: (result.cpuSeconds * 1e6) / inserted,
    violations:
      stored === result.totalRows ? [] : [`${result.totalRows} rows were inserted, ${stored} are there`],
  };
}

function runInserter(spec: InsertSpec, onWindow: (edge: 'begin' | 'end') => void): Promise<InsertResult> {
  const child = fork(fileURLToPath(new URL('./inserter.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise<InsertResult>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the inserting process has ended')));
    child.on('message', (message: InserterMessage) => {
      if (message.kind === 'window') onWindow(message.edge);
      else if (message.kind === 'result') resolve(message.result);
      else reject(new Error(message.message));
    });
    child.send(spec);
  }).finally(() => child.kill());
}
