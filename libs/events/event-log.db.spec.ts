import { Writable } from 'node:stream';
import { loadSettings, type Settings } from '#config';
import { createPool, newId } from '#database';
import { createLogger } from '#logging';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { EventLog } from './event-log.js';
import { anEvent } from './new-event.fixture.js';

let database: TestDatabase;
let log: EventLog;
const lines: string[] = [];
beforeAll(async () => {
  database = await createDatabase();
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  log = new EventLog(settingsFor(database.url), createLogger('info', sink));
  await log.onModuleInit();
});
afterAll(async () => {
  await log.onApplicationShutdown();
  await database.drop();
});

function settingsFor(databaseUrl: string): Settings {
  const loaded = loadSettings({
    DATABASE_URL: databaseUrl,
    CALLBOX_MASTER_KEY: Buffer.alloc(32).toString('base64'),
  });
  if (!loaded.ok) throw new Error(loaded.mistakes.join());
  return loaded.settings;
}

async function countOf(tenantId: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    'select count(*)::integer as count from events where tenant_id = $1',
    [tenantId],
  );
  return rows[0]?.count ?? 0;
}

describe('the event log', () => {
  test('stores many concurrent events of many tenants once each, small and large', async () => {
    const tenants = Array.from({ length: 5 }, newId);
    const events = Array.from({ length: 500 }, (_, index) =>
      anEvent({
        tenantId: tenants[index % tenants.length] ?? '',
        body: Buffer.alloc(index % 50 === 0 ? 1_000_000 : index, index),
      }),
    );
    const appended = await Promise.all(events.map((event) => log.append(event)));
    expect(appended).toEqual(events.map(({ id }) => ({ status: 'accepted', id })));
    for (const tenantId of tenants) expect(await countOf(tenantId)).toBe(100);
  });

  test('stores the neighbours of an event that PostgreSQL refuses, and tells the log no value of it', async () => {
    const tenantId = newId();
    const batch = [
      anEvent({ tenantId }),
      anEvent({ tenantId, path: 'marked-Qr7\0' }),
      anEvent({ tenantId, type: 'marked-Qr7', receivedAtMs: 8.64e18 }),
      anEvent({ tenantId }),
    ];
    const results = await Promise.allSettled(batch.map((event) => log.append(event)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(await countOf(tenantId)).toBe(2);
    expect(lines.join('')).toContain('event_log.batch_refused');
    expect(lines.join('')).not.toContain('marked-Qr7');
  });

  test('stores all but the refused one of many that come in several batches, on one connection', async () => {
    const tenantId = newId();
    const results: Promise<unknown>[] = [];
    for (let index = 0; index < 400; index += 1) {
      results.push(log.append(anEvent({ tenantId, ...(index % 100 === 50 ? { path: '\0' } : {}) })));
      // As callbacks come: some, and while the first batch is under way, more.
      if (index % 20 === 0) await new Promise(setImmediate);
    }
    const statuses = (await Promise.allSettled(results)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 'rejected')).toHaveLength(4);
    expect(await countOf(tenantId)).toBe(396);
  });

  test('finds keys and destinations by their index, also when all plans were made while there were none', async () => {
    const { pool } = database;
    await pool.query('truncate dedupe_keys, destinations cascade');
    await pool.query('vacuum analyze dedupe_keys, destinations');
    const young = new EventLog(settingsFor(database.url), createLogger('silent', new Writable()));
    const [tenantId, sourceId] = [newId(), newId()];
    const appendFifty = async (round: number): Promise<void> => {
      const batch = Array.from({ length: 50 }, (_, index) =>
        anEvent({ tenantId, sourceId, dedupe: { key: `${round}-${index}`, windowSeconds: 60 } }),
      );
      await Promise.all(batch.map((event) => young.append(event)));
    };
    for (let round = 0; round < 10; round += 1) await appendFifty(round);
    await pool.query(
      `with tenant as (insert into tenants values ($1, 'others', 'Others', '', now()) returning id)
       insert into destinations (tenant_id, id, name, url, signing, timeout_seconds, status, created_at)
       select id, gen_random_uuid(), 'app', 'https://app.example', 'none', 15, 'active', now()
       from tenant cross join generate_series(1, 500)`,
      [newId()],
    );
    for (let round = 10; round < 20; round += 1) await appendFifty(round);
    // What its connections have done is counted when they end.
    await young.onApplicationShutdown();
    await eventually(async () => {
      const { rows } = await pool.query<{ name: string; looked: number; read: number }>(
        `select relname as name, idx_scan::integer as looked, seq_tup_read::integer as read
         from pg_stat_user_tables where relname in ('dedupe_keys', 'destinations') order by relname`,
      );
      expect(rows.map(({ name, read }) => ({ name, read }))).toEqual([
        { name: 'dedupe_keys', read: 0 },
        { name: 'destinations', read: 0 },
      ]);
      expect(Math.min(...rows.map(({ looked }) => looked))).toBeGreaterThanOrEqual(20);
    });
  });

  test('gives up on a statement that hangs, says so to all who wait, and goes on', async () => {
    const [tenantId, sourceId] = [newId(), newId()];
    const keyed = () => anEvent({ tenantId, sourceId, dedupe: { key: 'locked', windowSeconds: 60 } });
    const blocker = await database.pool.connect();
    const startedAt = Date.now();
    try {
      await blocker.query('begin');
      await blocker.query(
        `insert into dedupe_keys (tenant_id, source_id, dedupe_key, event_id, expires_at)
         values ($1, $2, 'locked', $3, now() + interval '1 hour')`,
        [tenantId, sourceId, newId()],
      );
      const hanging = log.append(keyed());
      await new Promise((resolve) => setImmediate(resolve));
      const behind = log.append(anEvent({ tenantId }));
      const results = await Promise.allSettled([hanging, behind]);
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(Date.now() - startedAt).toBeLessThan(5_000);
    } finally {
      await blocker.query('rollback');
      blocker.release();
    }
    await expect(log.append(keyed())).resolves.toMatchObject({ status: 'accepted' });
    await expect(log.append(anEvent({ tenantId }))).resolves.toMatchObject({ status: 'accepted' });
    expect(await countOf(tenantId)).toBe(2);
  });

  test('writes on connections that commit durably, whatever the default of the database is', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await database.pool.query(`alter database ${name} set synchronous_commit = off`);
    const pool = createPool(database.url, 'events', 1_000);
    try {
      const { rows } = await pool.query<object>('show synchronous_commit');
      expect(rows).toEqual([{ synchronous_commit: 'on' }]);
    } finally {
      await pool.end();
      await database.pool.query(`alter database ${name} reset synchronous_commit`);
    }
  });

  test('tells its listeners of every commit, and those who deliver of what is owed', async () => {
    const [heard, heardOfOwed] = [jest.fn(), jest.fn()];
    log.onStored(heard);
    log.onOwed(heardOfOwed);
    await log.append(anEvent());
    expect(heard).toHaveBeenCalledTimes(1);
    expect(heardOfOwed).not.toHaveBeenCalled();

    const tenantId = newId();
    await database.pool.query(`insert into tenants values ($1, 'delivering', 'Acme', '', now())`, [tenantId]);
    await database.pool.query(
      `insert into destinations (tenant_id, id, name, url, signing, timeout_seconds, status, created_at)
       values ($1, $2, 'd', 'http://127.0.0.1:1/', 'none', 15, 'active', now())`,
      [tenantId, newId()],
    );
    await log.append(anEvent({ tenantId }));
    expect(heardOfOwed).toHaveBeenCalledTimes(1);
  });

  test('stores what is waiting before it ends', async () => {
    const tenantId = newId();
    const ending = new EventLog(settingsFor(database.url), createLogger('silent'));
    await ending.onModuleInit();
    const appended = Array.from({ length: 300 }, () => ending.append(anEvent({ tenantId })));
    await ending.onApplicationShutdown();
    await Promise.all(appended);
    expect(await countOf(tenantId)).toBe(300);
  });
});
