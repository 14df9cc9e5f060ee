import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { migrations } from '../../migrations/index.js';

const CONNECT_TIMEOUT_MS = 2_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** Any number that no other program takes for its own lock on this database. */
const MIGRATION_LOCK = 5_217_001;

/** Set on every connection: an answer 200 means that the commit is on disk, whatever the server's default is. */
const SESSION = [
  '-c synchronous_commit=on',
  // Every statement is short: to compile one takes longer than to run it.
  '-c jit=off',
  // What is written to the tables is sent to the disk soon. The system would keep it for half a minute and then send hundreds
  // of megabytes at once, with every commit waiting behind them.
  '-c backend_flush_after=512kB',
  `-c idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_TIMEOUT_MS}`,
].join(' ');

/** The most connections of each pool of a process that is alone. */
export const POOL_SIZES = { api: 8, acrossTenants: 4, events: 3, worker: 8, streams: 2 } as const;
/** The management API may need a second connection to finish what holds a first one; of those for events two are held. */
const LEAST_CONNECTIONS: Readonly<Partial<Record<PoolName, number>>> = { api: 4, events: 3 };
const LEAST_OF_OTHERS = 2;
/** Changes are listened to on one; the rest is for the short moments in which connections are replaced. */
const OTHER_CONNECTIONS = 3;

type PoolName = keyof typeof POOL_SIZES;

/** The most connections of a pool. Processes that share a machine share its work, so each needs fewer. */
export function poolSize(name: PoolName, processes: number): number {
  const alone = POOL_SIZES[name];
  return Math.max(LEAST_CONNECTIONS[name] ?? LEAST_OF_OTHERS, Math.ceil(alone / Math.sqrt(processes)));
}

/** The most connections that all processes of a machine hold together. */
export function mostConnections(processes: number): number {
  const names = Object.keys(POOL_SIZES) as PoolName[];
  const ofPools = names.reduce((sum, name) => sum + poolSize(name, processes), 0);
  return processes * (ofPools + OTHER_CONNECTIONS);
}

/** How many connections a server lets ordinary users hold. */
export async function connectionsAllowed(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  try {
    const { rows } = await client.query<{ allowed: number }>(
      `select sum(case name when 'max_connections' then 1 else -1 end * setting::integer)::integer as allowed
       from pg_settings where name in ('max_connections', 'superuser_reserved_connections', 'reserved_connections')`,
    );
    return rows[0]?.allowed ?? 0;
  } finally {
    await client.end();
  }
}

/** TypeORM's options for the management side. */
export function createDataSourceOptions(url: string, processes = 1): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    migrations,
    migrationsTableName: 'migrations',
    synchronize: false,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    applicationName: 'callbox-api',
    extra: {
      max: poolSize('api', processes),
      // Not the owner of anything: sees the rows of the tenant that a transaction names, and no others.
      options: `${SESSION} -c role=callbox_tenant`,
      statement_timeout: 5_000,
      query_timeout: 6_000,
      keepAlive: true,
    },
  };
}

const BY_INDEX = '-c enable_seqscan=off';
const BY_KEY = `${BY_INDEX} -c enable_hashjoin=off -c enable_mergejoin=off`;

/**
 * What a pool's statements may be planned as. A plan of one that stays prepared is kept for as long as the statistics are,
 * and one made while a table was empty would read it whole when it no longer is: a tenth of the callbacks a second, until
 * the next analysis.
 *
 * - `by-index`: never by reading whole tables.
 * - `by-key`: every statement looks its rows up by key, also those that it joins.
 * - `in-order`: the same, for the next few rows of an index again and again: no sorting of all that follow (within what an
 *   index has sorted already it stays allowed), and one plan.
 */
const PLANS = {
  any: '',
  'by-index': BY_INDEX,
  'by-key': BY_KEY,
  'in-order': `${BY_KEY} -c enable_sort=off -c enable_bitmapscan=off -c plan_cache_mode=force_generic_plan`,
} as const;

interface PoolOptions {
  readonly max?: number;
  readonly plans?: keyof typeof PLANS;
  /** Whether a connection takes a statement while it is busy with another: it is sent at once, and waits at PostgreSQL. */
  readonly pipeline?: boolean;
}

/** A plain pool for the hot paths, which write their own SQL. */
export function createPool(
  url: string,
  name: string,
  statementTimeoutMs: number,
  { max = 4, plans = 'any', pipeline = false }: PoolOptions = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: `callbox-${name}`,
    max,
    options: `${SESSION} ${PLANS[plans]}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    pipeline,
  });
  // A connection that breaks while somebody has it tells so by the failure of the statement; unheard, its event would
  // end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Names of the migrations that a database lacks, given those it has run. */
export function pendingMigrations(ran: readonly string[]): string[] {
  return migrations.map(({ name }) => name).filter((name) => !ran.includes(name));
}

/** Brings the schema up to date. Processes that start together take turns. Returns how many migrations ran. */
export async function migrate(url: string): Promise<number> {
  const lock = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  const dataSource = new DataSource({ type: 'postgres', url, migrations, migrationsTableName: 'migrations' });
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await dataSource.initialize();
    const ran = await dataSource.runMigrations({ transaction: 'each' });
    return ran.length;
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await lock.end();
  }
}
