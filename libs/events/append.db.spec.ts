import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { newId } from '#database';
import { createDatabase, openPool, type TestDatabase } from '#testing';
import { append } from './append.fixture.js';
import { Appender } from './append.js';
import { anEvent } from './new-event.fixture.js';
import type { NewEvent } from './new-event.js';
import { ensurePartitions } from './partitions.js';

let database: TestDatabase;
let other: pg.Pool;
beforeAll(async () => {
  database = await createDatabase();
  other = openPool(database.url, 2);
  await ensurePartitions(database.pool, Date.now());
});
afterAll(async () => {
  await other.end();
  await database.drop();
});

interface StoredRow {
  readonly id: string;
  readonly size: number;
  readonly duplicate_count: number;
  readonly body: Buffer;
  readonly headers: unknown;
}

async function stored(ids: readonly string[]): Promise<Map<string, StoredRow>> {
  const { rows } = await database.pool.query<StoredRow>(
    `select e.id, e.size, coalesce(d.count, 0) as duplicate_count, c.body, c.headers
     from events e left join event_contents c on c.tenant_id = e.tenant_id and c.id = e.id
       left join duplicate_counts d on d.tenant_id = e.tenant_id and d.event_id = e.id
     where e.id = any($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function tenantWith(destinations: readonly { isDeleted: boolean }[]): Promise<string> {
  const tenantId = newId();
  await database.pool.query(`insert into tenants values ($1::uuid, 't-' || $1::uuid, 'Acme', '', now())`, [
    tenantId,
  ]);
  for (const { isDeleted } of destinations)
    await database.pool.query(
      `insert into destinations (tenant_id, id, name, url, signing, timeout_seconds, status, created_at, deleted_at)
       values ($1, $2, 'd', 'http://127.0.0.1:1/', 'none', 15, 'active', now(), case when $3 then now() end)`,
      [tenantId, newId(), isDeleted],
    );
  return tenantId;
}

const dedupe = (key: string, windowSeconds = 60): NewEvent['dedupe'] => ({ key, windowSeconds });

describe('append', () => {
  test('stores bodies of every size in one batch, each its own bytes', async () => {
    const sizes = [0, 1, 0, 3_000_000, 17, 65_536, 1];
    const batch = sizes.map((size) => anEvent({ body: randomBytes(size) }));
    await expect(append(database.pool, batch)).resolves.toEqual(
      batch.map(({ id }) => ({ status: 'accepted', id })),
    );
    const rows = await stored(batch.map(({ id }) => id));
    for (const { id, body } of batch) {
      const row = rows.get(id);
      expect(row).toMatchObject({ size: body.length, duplicate_count: 0 });
      expect(row?.body.equals(body)).toBe(true);
    }
  });

  test('owes events to destinations where their tenant has one, together, and says so', async () => {
    const [collecting, delivering, noLonger] = [
      await tenantWith([]),
      await tenantWith([{ isDeleted: true }, { isDeleted: false }]),
      await tenantWith([{ isDeleted: true }]),
    ];
    const batch = [collecting, delivering, noLonger, delivering].map((tenantId) =>
      anEvent({ tenantId, type: 'run.completed' }),
    );
    const appender = new Appender(database.pool);
    try {
      await expect(appender.append(batch)).resolves.toMatchObject({ isOwed: true });
      await expect(appender.append([anEvent({ tenantId: collecting })])).resolves.toMatchObject({
        isOwed: false,
      });
    } finally {
      appender.release();
    }
    const { rows } = await database.pool.query<object>(
      'select tenant_id, event_ids, source_ids, types from fan_outs where tenant_id = any($1)',
      [[collecting, delivering, noLonger]],
    );
    const owed = batch.filter(({ tenantId }) => tenantId === delivering);
    expect(rows).toEqual([
      {
        tenant_id: delivering,
        event_ids: owed.map(({ id }) => id),
        source_ids: owed.map(({ sourceId }) => sourceId),
        types: ['run.completed', 'run.completed'],
      },
    ]);
  });

  test('stores every field as it was given', async () => {
    const event = anEvent({
      type: 'run.completed',
      providerEventId: 'msg_"\'\\ü😀',
      runId: 'run_1',
      method: 'PATCH',
      path: '/in/t/s/%zz//',
      query: 'a=1&a=%00',
      contentType: 'text/"weird"',
      headers: [
        ['X-A', '"\\ é'],
        ['x-a', ''],
        ['Authorization', null],
      ],
      sensitiveHeaders: Buffer.from('00ff10', 'hex'),
      secretId: newId(),
      signedAtMs: 1_790_000_000_123,
    });
    await append(database.pool, [event]);
    const { rows } = await database.pool.query<object>(
      `select type, provider_event_id, run_id, method, path, query, content_type, headers, sensitive_headers, secret_id,
         signed_at, received_at, scheme, provider, source_id, e.tenant_id
       from events e join event_contents using (tenant_id, id) where id = $1`,
      [event.id],
    );
    expect(rows).toEqual([
      {
        type: event.type,
        provider_event_id: event.providerEventId,
        run_id: event.runId,
        method: event.method,
        path: event.path,
        query: event.query,
        content_type: event.contentType,
        headers: event.headers,
        sensitive_headers: event.sensitiveHeaders,
        secret_id: event.secretId,
        signed_at: new Date(1_790_000_000_123),
        received_at: new Date(event.receivedAtMs),
        scheme: event.scheme,
        provider: event.provider,
        source_id: event.sourceId,
        tenant_id: event.tenantId,
      },
    ]);
  });

  test('knows duplicates inside one batch and of an earlier one, and counts them', async () => {
    const [tenantId, sourceId] = [newId(), newId()];
    const of = (key: string) => anEvent({ tenantId, sourceId, dedupe: dedupe(key) });
    const [a1, a2, b1, a3, none] = [of('a'), of('a'), of('b'), of('a'), anEvent({ tenantId, sourceId })];
    await expect(append(database.pool, [a1, a2, b1, a3, none])).resolves.toEqual([
      { status: 'accepted', id: a1.id },
      { status: 'duplicate', id: a1.id },
      { status: 'accepted', id: b1.id },
      { status: 'duplicate', id: a1.id },
      { status: 'accepted', id: none.id },
    ]);
    const [b2, a4, a5] = [of('b'), of('a'), of('a')];
    await expect(append(database.pool, [b2, a4, a5])).resolves.toEqual([
      { status: 'duplicate', id: b1.id },
      { status: 'duplicate', id: a1.id },
      { status: 'duplicate', id: a1.id },
    ]);
    const rows = await stored([a1, a2, a3, a4, a5, b1, b2, none].map(({ id }) => id));
    expect([...rows.keys()].sort()).toEqual([a1.id, b1.id, none.id].sort());
    expect(rows.get(a1.id)?.duplicate_count).toBe(4);
    expect(rows.get(b1.id)?.duplicate_count).toBe(1);
  });

  test('keeps keys apart by tenant and by source, and knows them by their bytes alone', async () => {
    const [tenantId, sourceId] = [newId(), newId()];
    const batch = [
      anEvent({ tenantId, sourceId, dedupe: dedupe('k') }),
      anEvent({ tenantId, dedupe: dedupe('k') }),
      anEvent({ sourceId, dedupe: dedupe('k') }),
      anEvent({ tenantId, sourceId, dedupe: dedupe('K') }),
      anEvent({ tenantId, sourceId, dedupe: dedupe('é'.normalize('NFC')) }),
      anEvent({ tenantId, sourceId, dedupe: dedupe('é'.normalize('NFD')) }),
      anEvent({ tenantId, sourceId, dedupe: dedupe('k ') }),
    ];
    const outcomes = await append(database.pool, batch);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(batch.length).fill('accepted'));
  });

  test('takes over a key whose window has ended, once', async () => {
    const [tenantId, sourceId] = [newId(), newId()];
    const of = () => anEvent({ tenantId, sourceId, dedupe: dedupe('a') });
    const [first, second, third] = [of(), of(), of()];
    await append(database.pool, [first]);
    await database.pool.query(`update dedupe_keys set expires_at = now() where tenant_id = $1`, [tenantId]);
    await expect(append(database.pool, [second, third])).resolves.toEqual([
      { status: 'accepted', id: second.id },
      { status: 'duplicate', id: second.id },
    ]);
  });

  test('stores nothing of a batch in which one row is refused', async () => {
    const [good, bad] = [anEvent(), anEvent({ path: 'a\0b' })];
    await expect(append(database.pool, [good, bad])).rejects.toMatchObject({ code: '22021' });
    expect((await stored([good.id, bad.id])).size).toBe(0);
  });

  test('of two batches a heavy one is written beside the one before, and a light one behind it', async () => {
    const [tenantId, sourceId] = [newId(), newId()];
    const holder = await other.connect();
    const appender = new Appender(database.pool);
    const done: string[] = [];
    const add = async (name: string, event: NewEvent) => {
      expect((await appender.append([event])).appended).toMatchObject([{ status: 'accepted' }]);
      done.push(name);
    };
    try {
      await add('first', anEvent());
      await holder.query('begin');
      await holder.query(
        `insert into dedupe_keys (tenant_id, source_id, dedupe_key, event_id, expires_at) values ($1, $2, 'held', $3, now())`,
        [tenantId, sourceId, newId()],
      );
      const held = add('held', anEvent({ tenantId, sourceId, dedupe: dedupe('held') }));
      const light = add('light', anEvent());
      await add('heavy', anEvent({ body: Buffer.alloc(40_000) }));
      const behind = [
        add('light, later', anEvent()),
        add('heavy, later', anEvent({ body: Buffer.alloc(40_000) })),
      ];
      await behind[1];
      expect(done).toEqual(['first', 'heavy', 'heavy, later']);
      await holder.query('rollback');
      await Promise.all([held, light, ...behind]);
      expect(done.slice(3)).toEqual(['held', 'light', 'light, later']);
    } finally {
      holder.release();
      appender.release();
    }
  });

  test('neither blocks nor stores twice when two pools write the same keys in opposite orders', async () => {
    const [tenantId, sourceId] = [newId(), newId()];
    const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`);
    const batchOf = (order: readonly string[]) =>
      order.map((key) => anEvent({ tenantId, sourceId, dedupe: dedupe(key) }));
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, round) =>
        append(
          round % 2 === 0 ? database.pool : other,
          batchOf(round % 2 === 0 ? keys : [...keys].reverse()),
        ),
      ),
    );
    const all = outcomes.flat();
    expect(all.filter(({ status }) => status === 'accepted')).toHaveLength(keys.length);
    expect(new Set(all.map(({ id }) => id)).size).toBe(keys.length);
    const rows = await stored(all.map(({ id }) => id));
    expect([...rows.values()].map((row) => row.duplicate_count)).toEqual(Array(keys.length).fill(15));
  });
});
