import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of one spec's own, cloned from the migrated template. */
export interface TestDatabase {
  readonly url: string;
  /** For looking at tables, and for what only an operator could do. */
  readonly pool: pg.Pool;
  drop(): Promise<void>;
}

/** Clones the template that scripts/jest-global-setup.mjs migrated. */
export async function createDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env['CALLBOX_TEST_SERVER_URL'];
  if (serverUrl === undefined) throw new Error('CALLBOX_TEST_SERVER_URL is set by the global set-up of jest');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, `create database ${name} template test_template`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = openPool(url.href, 2);
  return {
    url: url.href,
    pool,
    async drop() {
      await pool.end();
      await onServer(serverUrl, `drop database ${name} with (force)`);
    },
  };
}

/** Connections of a test's own; the test ends them. */
export function openPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max });
  // A connection that is still closing when its database is dropped is told so.
  pool.on('error', () => undefined);
  return pool;
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Runs a statement of a session, and gives its rows. */
type Run = (sql: string, parameters: unknown[]) => Promise<{ rows: number }[]>;

/** How many rows of a table and its partitions a session reads in `work`, which is part of its transaction. */
export async function rowsReadBy(run: Run, table: string, work: () => Promise<unknown>): Promise<number> {
  const count = async (): Promise<number> =>
    (
      await run(
        `select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::integer as rows
         from pg_stat_xact_user_tables where relname ~ ('^' || $1 || '(_\\d+)?$')`,
        [table],
      )
    )[0]?.rows ?? NaN;
  const before = await count();
  await work();
  return (await count()) - before;
}
