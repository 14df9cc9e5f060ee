import { idAtTime } from '#database';
import { prune } from './prune.js';
import { Rows } from './rows.fixture.js';

const DAY_MS = 86_400_000;

let rows: Rows;
beforeEach(async () => {
  rows = await Rows.start();
});
afterEach(() => rows.stop());

/** An event of some days ago with all that becomes of one. */
async function event(ageDays: number, number = 0): Promise<string> {
  const receivedAtMs = Date.now() - ageDays * DAY_MS;
  const id = idAtTime(receivedAtMs).slice(0, -4) + String(number).padStart(4, '0');
  const values = [rows.tenantId, id];
  await rows.run(
    `insert into events (tenant_id, id, source_id, provider, received_at, method, path, query, size, scheme)
     values ($1, $2, $3, 'runflow', to_timestamp($4::float / 1000), 'POST', '/', '', 1, 'hmac')`,
    ...values,
    rows.sourceId,
    receivedAtMs,
  );
  await rows.run(`insert into event_contents values ($1, $2, '[]', null, '')`, ...values);
  await rows.run('insert into fan_outs values ($1, $2, $3)', ...values, rows.sourceId);
  const [delivery = ''] = await rows.deliveries(await rows.destination(), 1);
  await rows.run(
    'update deliveries set event_id = $3 where tenant_id = $1 and id = $2',
    rows.tenantId,
    delivery,
    id,
  );
  await rows.run(
    `insert into attempts (tenant_id, delivery_id, number, started_at, duration_ms, response_truncated)
     values ($1, $2, 1, now(), 1, false)`,
    rows.tenantId,
    delivery,
  );
  return id;
}

async function ids(): Promise<unknown[]> {
  return (await rows.run('select id from events order by id')).map(({ id }) => id);
}

/** Makes the partitions that a test's events fall into, as the event log does week by week. */
async function makePartition(fromMs: number, toMs: number): Promise<void> {
  for (const table of ['events', 'event_contents'])
    await rows.run(
      `create table ${table}_test partition of ${table} for values from ('${idAtTime(fromMs)}') to ('${idAtTime(toMs)}')`,
    );
}

test('events past the retention of their source go, with all that became of them; the others stay', async () => {
  await makePartition(Date.now() - 60 * DAY_MS, Date.now() + DAY_MS);
  await rows.run(`update sources set config = '{"retention_days": 3}'`);
  await event(40);
  await event(3.01);
  const kept = [await event(2.99), await event(0)];
  expect(await prune(rows.database.pool)).toBe(2);
  expect(await ids()).toEqual(kept);
  for (const table of ['event_contents', 'fan_outs', 'deliveries', 'attempts'])
    expect(await rows.run(`select count(*)::integer as count from ${table}`)).toEqual([{ count: 2 }]);
  expect(await prune(rows.database.pool)).toBe(0);
});

test('without a setting events stay 30 days', async () => {
  await makePartition(Date.now() - 60 * DAY_MS, Date.now() + DAY_MS);
  await event(30.01);
  const kept = await event(29.99);
  expect(await prune(rows.database.pool)).toBe(1);
  expect(await ids()).toEqual([kept]);
});

test('events of a deleted source go in their time too', async () => {
  await makePartition(Date.now() - 60 * DAY_MS, Date.now() + DAY_MS);
  await rows.run('update sources set deleted_at = now()');
  await event(31);
  expect(await prune(rows.database.pool)).toBe(1);
});

test('dedupe keys whose window has ended go', async () => {
  await rows.run(
    `insert into dedupe_keys
     select $1, $2, key, $1, now() + seconds * interval '1 second' from (values ('old', -1), ('new', 60)) as k (key, seconds)`,
    rows.tenantId,
    rows.sourceId,
  );
  await prune(rows.database.pool);
  expect(await rows.run('select dedupe_key from dedupe_keys')).toEqual([{ dedupe_key: 'new' }]);
});
