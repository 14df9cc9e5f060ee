import { idAtTime, newId } from '#database';
import { createDatabase, type TestDatabase } from '#testing';
import type { KeptRejection } from './kept-rejection.js';
import { pruneRejections } from './prune-rejections.js';
import { writeCounts, writeRejections } from './write-rejections.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

function aRejection(fields: Partial<KeptRejection>): KeptRejection {
  return {
    tenantId: newId(),
    id: newId(),
    sourceId: newId(),
    receivedAtMs: Date.now(),
    reason: 'signature_mismatch',
    diagnosis: { code: 'unknown', cause: 'a', fix: 'b' },
    method: 'POST',
    path: '/in/t/s',
    query: '',
    headers: [['Host', 'x']],
    remoteIp: null,
    size: 0,
    sealed: Buffer.from('sealed'),
    excerpt: null,
    body: null,
    ...fields,
  };
}

async function idsOf(sourceId: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ id: string }>(
    'select id from rejections where source_id = $1 order by id',
    [sourceId],
  );
  return rows.map(({ id }) => id);
}

const batchOf = (length: number, fields: Partial<KeptRejection>) =>
  Array.from({ length }, () => aRejection({ ...fields, id: newId() }));

test('of each source the newest 1,000 are kept, also by several who write at once', async () => {
  const [one, other] = [
    { tenantId: newId(), sourceId: newId() },
    { tenantId: newId(), sourceId: newId() },
  ];
  const rows = batchOf(1_030, one);
  const beside = batchOf(3, other);
  await writeRejections(database.pool, rows.slice(0, 990));
  expect(await idsOf(one.sourceId)).toHaveLength(990);
  await Promise.all([
    writeRejections(database.pool, [...rows.slice(990, 1_010), ...beside]),
    writeRejections(database.pool, rows.slice(1_010)),
  ]);
  expect(await idsOf(one.sourceId)).toEqual(rows.slice(30).map(({ id }) => id));
  expect(await idsOf(other.sourceId)).toHaveLength(3);
});

test('after 7 days they are pruned, and their counts after 90', async () => {
  const tenantId = newId();
  const sourceId = newId();
  await database.pool.query(
    `insert into tenants (id, slug, name, wrapped_key, created_at) values ($1, $2, 'a', '', now())`,
    [tenantId, `t-${tenantId}`],
  );
  await database.pool.query(
    `insert into sources (tenant_id, id, slug, name, provider, config, status, created_at, deleted_at)
     values ($1, $2, 's', 's', 'callbox', '{}', 'active', now(), now())`,
    [tenantId, sourceId],
  );
  const at = (daysAgo: number) => idAtTime(Date.now() - daysAgo * DAY_MS);
  const [old, kept] = [at(7.01), at(6.99)];
  await writeRejections(
    database.pool,
    [old, kept].map((id) => aRejection({ tenantId, sourceId, id })),
  );
  const day = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10);
  const count = { tenantId, sourceId, received: 5, kept: 2 };
  await writeCounts(database.pool, [
    { ...count, day: day(92) },
    { ...count, day: day(1) },
  ]);
  await writeCounts(database.pool, [{ ...count, day: day(1) }]);
  expect(await pruneRejections(database.pool)).toBe(1);
  expect(await idsOf(sourceId)).toEqual([kept]);
  const { rows } = await database.pool.query<{ received: string; kept: string }>(
    'select received, kept from rejection_counts where source_id = $1',
    [sourceId],
  );
  expect(rows).toEqual([{ received: '10', kept: '4' }]);
});

test('each tells in which transaction it was stored, for those who read in the order of commits', async () => {
  const tenantId = newId();
  for (const _ of [1, 2]) await writeRejections(database.pool, [aRejection({ tenantId })]);
  const { rows } = await database.pool.query<{ ordered: boolean }>(
    `select min(stored_in::text::bigint) < max(stored_in::text::bigint) as ordered from rejections where tenant_id = $1`,
    [tenantId],
  );
  expect(rows).toEqual([{ ordered: true }]);
});
