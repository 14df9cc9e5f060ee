import { type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { request } from 'undici';
import { idAtTime } from '#database';
import { findRunningEmbeddedPostgres, startEmbeddedPostgres } from '#embedded-postgres';
import { PLAIN_TABLE } from './postgres/plain-table.js';
import { end, freePort, gone, ready, spawnScript } from './servers/spawned.js';

const API_KEY = 'bench-key-of-this-run';
const SERVER = '../apps/server/main.js';
/** As the script `start` in package.json gives them. */
const NODE_OPTIONS = ['--max-semi-space-size=32'];

/** What is measured: a server's process, and its PostgreSQL if it has one. */
export interface Measured {
  readonly pid: number;
  readonly postmasterPid: number | null;
  /** As the owner of the tables. */
  readonly pool: pg.Pool | null;
  /** Forgets all events, and leaves no work of theirs behind. */
  reset(): Promise<void>;
  /** The ids of all events that are stored; only those made since a time, if one is given. */
  storedIds(sinceMs?: number): Promise<string[]>;
  stop(): Promise<void>;
}

/** Callbox as a process of its own, on an embedded PostgreSQL in a temporary folder. */
export interface BenchedCallbox extends Measured {
  readonly pool: pg.Pool;
  readonly postmasterPid: number;
  readonly url: string;
  /** Of the source `default`. */
  readonly sourceUrl: string;
  /** Of the source `default`. */
  readonly secret: string;
  readonly dataDir: string;
  /** As the admin of the tenant `default`, or with another key. */
  readonly call: <Body>(method: string, path: string, body?: object, key?: string) => Promise<Body>;
  /** Ends it, or its PostgreSQL, which ends it too, and starts it anew on the same data at the same address. */
  restart(how: 'SIGTERM' | 'SIGKILL' | 'kill PostgreSQL'): Promise<Restarted>;
}

/** How long a restart took. */
export interface Restarted {
  /** From the signal until the process was gone. */
  readonly endedMs: number;
  /** From its start until it was ready to take callbacks. */
  readonly readyMs: number;
}

/** Starts Callbox as a user would; settings of the environment (`CALLBOX_…`) hold here too, so that they can be tried. */
export async function startCallbox(): Promise<BenchedCallbox> {
  const dataDir = mkdtempSync(join(tmpdir(), 'callbox-bench-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    CALLBOX_API_RATE_PER_MINUTE: '0',
    ...ownSettings(),
    PORT: String(port),
    CALLBOX_DATA_DIR: dataDir,
    CALLBOX_BOOTSTRAP_KEY: API_KEY,
    CALLBOX_OPERATOR_KEY: OPERATOR_KEY,
    PUBLIC_URL: url,
  };
  let { child, pool } = await startOn(dataDir, url, env);
  const call = async <Body>(method: string, path: string, body?: object, key?: string): Promise<Body> => {
    const answer = await request(url + path, {
      method: method as 'GET',
      headers: {
        authorization: `Bearer ${key ?? (path.startsWith('/v1/tenants') ? OPERATOR_KEY : API_KEY)}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Body;
  };
  const { plain_secret: secret } = await call<{ plain_secret: string }>('POST', '/v1/callback-secrets', {
    label: 'bench',
  });
  let restarting: Promise<unknown> = Promise.resolve();
  const restart: BenchedCallbox['restart'] = async (how) => {
    const closing = pool.end();
    const askedAt = performance.now();
    if (how === 'kill PostgreSQL') {
      process.kill(postmasterPidIn(dataDir), 'SIGKILL');
      await gone(child);
    } else await end(child, how);
    const endedAt = performance.now();
    await closing;
    ({ child, pool } = await startOn(dataDir, url, env));
    return { endedMs: endedAt - askedAt, readyMs: performance.now() - endedAt };
  };
  return {
    url,
    sourceUrl: `${url}/in/default/default`,
    secret,
    dataDir,
    call,
    get pid() {
      return child.pid ?? 0;
    },
    get pool() {
      return pool;
    },
    get postmasterPid() {
      return postmasterPidIn(dataDir);
    },
    reset: () => forgetEvents(pool),
    storedIds: async (sinceMs) => {
      // A load may end while what was killed in its midst is still recovering.
      await restarting;
      return eventIds(pool, sinceMs);
    },
    restart: (how) => {
      const restarted = restart(how);
      restarting = restarted.catch(() => undefined);
      return restarted;
    },
    stop: async () => {
      await pool.end();
      await end(child);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const OPERATOR_KEY = randomBytes(32).toString('hex');

async function startOn(
  dataDir: string,
  url: string,
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; pool: pg.Pool }> {
  const child = spawnScript(SERVER, [], { env, nodeOptions: NODE_OPTIONS });
  await ready(`${url}/readyz`, child, 10);
  const databaseUrl = await findRunningEmbeddedPostgres(dataDir);
  if (databaseUrl === null) throw new Error('Callbox runs without its PostgreSQL');
  return { child, pool: poolOf(databaseUrl) };
}

function ownSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('CALLBOX_')));
}

/** A bare Fastify server that checks the same signature and stores nothing. */
export async function startBare(): Promise<Measured & { readonly url: string; readonly secret: string }> {
  const port = await freePort();
  const secret = randomBytes(32).toString('hex');
  const child = spawnScript('servers/bare-server.js', [String(port), secret]);
  await ready(`http://127.0.0.1:${port}/ready`, child);
  return {
    url: `http://127.0.0.1:${port}/in`,
    secret,
    pid: child.pid ?? 0,
    postmasterPid: null,
    pool: null,
    reset: () => Promise.resolve(),
    storedIds: () => Promise.resolve([]),
    stop: () => end(child),
  };
}

/** A PostgreSQL like Callbox's own, with the plain table. */
export interface PlainDatabase {
  readonly url: string;
  readonly postmasterPid: number;
  readonly pool: pg.Pool;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it in a temporary folder. */
export async function startPlainDatabase(): Promise<PlainDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'callbox-bench-'));
  const server = await startEmbeddedPostgres({ dataDir });
  const pool = poolOf(server.url);
  await pool.query(PLAIN_TABLE);
  return {
    url: server.url,
    postmasterPid: postmasterPidIn(dataDir),
    pool,
    reset: async () => {
      await pool.query('truncate plain_events');
      await pool.query('checkpoint');
    },
    stop: async () => {
      await pool.end();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A Nest application that inserts one row per request through TypeORM. */
export async function startNest(
  database: PlainDatabase,
): Promise<Measured & { readonly url: string; readonly secret: string }> {
  const port = await freePort();
  const secret = randomBytes(32).toString('hex');
  const child = spawnScript('servers/nest-server.js', [String(port), secret, database.url]);
  await ready(`http://127.0.0.1:${port}/ready`, child);
  return {
    url: `http://127.0.0.1:${port}/in`,
    secret,
    pid: child.pid ?? 0,
    postmasterPid: database.postmasterPid,
    pool: database.pool,
    reset: () => database.reset(),
    storedIds: async () => {
      const { rows } = await database.pool.query<{ id: string }>('select id from plain_events');
      return rows.map(({ id }) => id);
    },
    stop: () => end(child),
  };
}

function poolOf(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  // A connection that ends with the server is not an error of ours.
  pool.on('error', () => undefined);
  return pool;
}

function postmasterPidIn(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Found by what they refer to, so that tables to come are emptied too. */
const EVENT_TABLES = `
  select string_agg(distinct c.oid::regclass::text, ', ') as tables
  from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    and (c.relname in ('events', 'event_contents') or a.attname in ('event_id', 'delivery_id'))`;

async function forgetEvents(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ tables: string }>(EVENT_TABLES);
  await pool.query(`truncate ${rows[0]?.tables}`);
  await pool.query('checkpoint');
}

async function eventIds(pool: pg.Pool, sinceMs = 0): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>('select id from events where id >= $1', [
    idAtTime(sinceMs),
  ]);
  return rows.map(({ id }) => id);
}
