import { DataSource, type EntityManager } from 'typeorm';
import { createDataSourceOptions, idAtTime, newId, type Page, readCursor } from '#database';
import { createDatabase, rowsReadBy, type TestDatabase } from '#testing';
import type { EventFilter, EventRow } from './event-row.js';
import { pathTo } from './event-paths.js';
import { lastEventTimes } from './last-event-times.js';
import { listEvents, readSearchCursor } from './list-events.js';
import { makePartitions } from './partitions.js';
import { walkEvents } from './walk-events.js';

const DAY_MS = 86_400_000;
const TODAY_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const NOTHING = { limit: 50, before: null } as const;

let database: TestDatabase;
let dataSource: DataSource;
beforeAll(async () => {
  database = await createDatabase();
  // As the management API works: behind the wall between tenants.
  dataSource = await new DataSource(createDataSourceOptions(database.url)).initialize();
  await makePartitions(database.pool, { fromMs: TODAY_MS - 40 * DAY_MS, toMs: TODAY_MS + DAY_MS });
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

interface Stored {
  readonly ageDays: number;
  readonly sourceId?: string;
  readonly type?: string;
  readonly runId?: string;
  readonly providerEventId?: string;
  readonly header?: string;
}

/** One tenant with sources of two providers, and what it has stored. */
class Stock {
  readonly tenantId = newId();
  readonly stripe = newId();
  readonly github = newId();

  static async make(): Promise<Stock> {
    const stock = new Stock();
    await database.pool.query(`insert into tenants values ($1::uuid, ($1::uuid)::text, 'Acme', '', now())`, [
      stock.tenantId,
    ]);
    for (const [id, provider] of [
      [stock.stripe, 'stripe'],
      [stock.github, 'github'],
    ])
      await database.pool.query(
        `insert into sources (tenant_id, id, slug, name, provider, config, status, created_at)
         values ($1, $2, $3, $3, $3, '{}', 'active', now())`,
        [stock.tenantId, id, provider],
      );
    return stock;
  }

  async store({
    ageDays,
    sourceId = this.stripe,
    type,
    runId,
    providerEventId,
    header,
  }: Stored): Promise<string> {
    const receivedAtMs = Math.floor(TODAY_MS + DAY_MS / 2 - ageDays * DAY_MS);
    const id = idAtTime(receivedAtMs).slice(0, 14) + newId().slice(14);
    await database.pool.query(
      `insert into events (tenant_id, id, source_id, provider, type, run_id, provider_event_id, received_at, method, path, query, size, scheme)
       values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::float / 1000), 'POST', '/', '', 1, 'hmac')`,
      [
        this.tenantId,
        id,
        sourceId,
        sourceId === this.stripe ? 'stripe' : 'github',
        type ?? null,
        runId ?? null,
        providerEventId ?? null,
        receivedAtMs,
      ],
    );
    await database.pool.query(`insert into event_contents values ($1, $2, $3, null, '')`, [
      this.tenantId,
      id,
      JSON.stringify([['x-name', header ?? 'nothing']]),
    ]);
    return id;
  }

  /** Many, and all that there are of a day: statistics say that every event is of this source. */
  async storeMany(count: number): Promise<void> {
    await database.pool.query(
      `insert into events (tenant_id, id, source_id, provider, type, received_at, method, path, query, size, scheme)
       select $1, ($3 || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $2, 'stripe', 'paid', now(), 'POST', '/', '', 1, 'hmac'
       from generate_series(1, $4::integer) as n`,
      [this.tenantId, this.stripe, idAtTime(TODAY_MS - 15 * DAY_MS).slice(0, 13), count],
    );
    await database.pool.query('analyze events');
  }

  /** With contents, every 1,000th of them with the same header value; newest first. */
  async storeWithHeaders(count: number): Promise<string[]> {
    const { rows } = await database.pool.query<{ id: string }>(
      `with stored as (
         insert into events (tenant_id, id, source_id, provider, received_at, method, path, query, size, scheme)
         select $1, ($3 || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $2, 'stripe', now(), 'POST', '/', '', 1, 'hmac'
         from generate_series(1, $4::integer) as n
         returning tenant_id, id
       ), contents as (
         insert into event_contents (tenant_id, id, headers, body)
         select tenant_id, id, jsonb_build_array(jsonb_build_array('x-name', 'h' || (row_number() over (order by id)) % 1000)), ''
         from stored
       )
       select id from stored order by id desc`,
      [this.tenantId, this.stripe, idAtTime(TODAY_MS - 12 * DAY_MS).slice(0, 13), count],
    );
    return rows.map(({ id }) => id);
  }

  within<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return dataSource.transaction(async (manager) => {
      await manager.query(`select set_config('callbox.tenant_id', $1, true)`, [this.tenantId]);
      return work(manager);
    });
  }

  list(
    filter: EventFilter,
    page: { limit: number; before: string | null } = NOTHING,
  ): Promise<Page<EventRow>> {
    return this.within((manager) => listEvents(manager, this.tenantId, filter, page));
  }
}

const idsOf = ({ data }: Page<EventRow>): string[] => data.map(({ id }) => id);

test('a list goes back over all the time there is, page by page', async () => {
  const stock = await Stock.make();
  const stored: string[] = [];
  for (const ageDays of [39, 20, 9.5, 9, 3, 1, 0.1, 0]) stored.unshift(await stock.store({ ageDays }));
  const seen: string[] = [];
  for (let before: string | null | undefined = null; before !== undefined;) {
    const page: Page<EventRow> = await stock.list({}, { limit: 3, before });
    seen.push(...idsOf(page));
    before = page.next_cursor === null ? undefined : readCursor(page.next_cursor);
  }
  expect(seen).toEqual(stored);
});

test('filters by source, provider and type find the newest of old events, alone and together', async () => {
  const stock = await Stock.make();
  const old = await stock.store({ ageDays: 35, sourceId: stock.github, type: 'push' });
  const other = await stock.store({ ageDays: 36, sourceId: stock.github, type: 'fork' });
  const paid = await stock.store({ ageDays: 0, type: 'paid' });
  const stolen = await stock.store({ ageDays: 1, type: 'push' });
  for (const [filter, expected] of [
    [{ sourceIds: [stock.github] }, [old, other]],
    [{ provider: 'github' }, [old, other]],
    [{ provider: 'slack' }, []],
    [{ type: 'push' }, [stolen, old]],
    [{ type: 'push', provider: 'github' }, [old]],
    [{ type: 'push', sourceIds: [stock.stripe] }, [stolen]],
    [{ type: 'paid', receivedBefore: new Date(TODAY_MS - 3 * DAY_MS) }, []],
    [{ type: 'push', receivedAfter: new Date(TODAY_MS - 3 * DAY_MS) }, [stolen]],
    [{ sourceIds: [stock.github], provider: 'stripe' }, []],
  ] as const) {
    const page = await stock.list(filter);
    expect([filter, idsOf(page), page.next_cursor]).toEqual([filter, expected, null]);
  }
  expect(idsOf(await stock.list({}))).toEqual([paid, stolen, old, other]);
});

test('filters hold for a tenant with more sources than are asked one by one', async () => {
  const stock = await Stock.make();
  await database.pool.query(
    `insert into sources (tenant_id, id, slug, name, provider, config, status, created_at)
     select $1, gen_random_uuid(), 'more-' || n, 'More', 'github', '{}', 'active', now() from generate_series(1, 300) as n`,
    [stock.tenantId],
  );
  const old = await stock.store({ ageDays: 35, sourceId: stock.github, type: 'push' });
  await stock.store({ ageDays: 0, type: 'push' });
  expect(idsOf(await stock.list({ provider: 'github' }))).toEqual([old]);
  expect(idsOf(await stock.list({ type: 'push', provider: 'github' }))).toEqual([old]);
});

test('a search shows what has the text as an id first, and then what has it as a header value, each once', async () => {
  const stock = await Stock.make();
  const inHeader = await stock.store({ ageDays: 0, header: 'r1', type: 'push' });
  const both = await stock.store({ ageDays: 1, runId: 'r1', header: 'r1' });
  const ofProvider = await stock.store({ ageDays: 30, providerEventId: 'r1' });
  await stock.store({ ageDays: 2, header: 'r11' });
  const first = await stock.list({ q: { text: 'r1', eventId: undefined, inHeaders: false } });
  expect(idsOf(first)).toEqual([both, ofProvider]);
  const { cursor, inHeaders } = readSearchCursor(first.next_cursor ?? '');
  expect(inHeaders).toBe(true);
  const second = await stock.list(
    { q: { text: 'r1', eventId: undefined, inHeaders } },
    { limit: 50, before: readCursor(cursor ?? '') ?? null },
  );
  expect(second).toMatchObject({ data: [{ id: inHeader }], next_cursor: null });
  const ofType = await stock.list({ type: 'push', q: { text: 'r1', eventId: undefined, inHeaders: true } });
  expect(idsOf(ofType)).toEqual([inHeader]);
  const named = await stock.list({ q: { text: 'x-name', eventId: undefined, inHeaders: true } });
  expect(idsOf(named)).toEqual([]);
  const byId = await stock.list({ q: { text: 'x', eventId: inHeader, inHeaders: false } });
  expect(idsOf(byId)).toEqual([inHeader]);
});

test('a search in headers sweeps over all there is in portions, leaves nothing out and shows nothing twice', async () => {
  const stock = await Stock.make();
  const stored = await stock.storeWithHeaders(7_500);
  const newest = await stock.store({ ageDays: 0, header: 'h7' });
  const oldest = await stock.store({ ageDays: 30, header: 'h7' });
  const expected = [newest, ...stored.filter((_, index) => (7_500 - index) % 1_000 === 7), oldest];
  expect(expected).toHaveLength(10);
  const seen: string[] = [];
  for (let before: string | null | undefined = null; before !== undefined;) {
    const q = { text: 'h7', eventId: undefined, inHeaders: true };
    const page: Page<EventRow> = await stock.list({ q }, { limit: 3, before });
    seen.push(...idsOf(page));
    const { cursor } = readSearchCursor(page.next_cursor ?? undefined);
    before = cursor === undefined ? undefined : readCursor(cursor);
  }
  expect(seen).toEqual(expected);
});

test('a search whose time is over says how far it has got, and the next page goes on from there', async () => {
  const stock = await Stock.make();
  for (let number = 0; number < 3; number += 1) await stock.store({ ageDays: 0, header: 'new' });
  const wanted = await stock.store({ ageDays: 25, header: 'wanted' });
  const pages = await stock.within(async (manager) => {
    const path = await pathTo(manager, stock.tenantId, {});
    if (path === null) throw new Error('there is a path to everything');
    const conditions = [
      `exists (select from event_contents c where c.tenant_id = $1 and c.id = e.id and c.headers::text like '%wanted%')`,
    ];
    const found: { ids: string[]; isOver: boolean }[] = [];
    for (let before: string | null = null; found.at(-1)?.isOver !== true;) {
      // No time at all: a step is made nevertheless, so that every page comes further. What is left then has its time.
      const budgetMs = found.some(({ ids }) => ids.length > 0) ? 10_000 : 0;
      const bounds = { after: null, before, limit: 10, budgetMs };
      const { rows, reached } = await walkEvents(manager, { ...path, conditions }, bounds);
      found.push({ ids: rows.map(({ id }) => id), isOver: reached === null });
      before = reached;
    }
    return found;
  });
  expect(pages.length).toBeGreaterThan(2);
  expect(pages[0]).toEqual({ ids: [], isOver: false });
  expect(pages.flatMap(({ ids }) => ids)).toEqual([wanted]);
});

test('the few events of a source are found without reading the many of another', async () => {
  const stock = await Stock.make();
  await stock.storeMany(20_000);
  const old = await stock.store({ ageDays: 30, sourceId: stock.github, type: 'push' });
  await stock.within(async (manager) => {
    const expectFew = async (what: unknown, work: () => Promise<unknown>) => {
      const read = await rowsReadBy((sql, parameters) => manager.query(sql, parameters), 'events', work);
      expect([what, read < 100 ? 'few' : read]).toEqual([what, 'few']);
    };
    await expectFew('last events', async () => {
      const times = await lastEventTimes(manager, stock.tenantId, [stock.github, stock.stripe, newId()]);
      expect([...times.keys()].sort()).toEqual([stock.github, stock.stripe].sort());
      expect(times.get(stock.github)?.getTime()).toBe(TODAY_MS + DAY_MS / 2 - 30 * DAY_MS);
    });
    for (const filter of [
      { sourceIds: [stock.github] },
      { provider: 'github' },
      { type: 'push' },
      { type: 'push', sourceIds: [stock.github, stock.stripe] },
    ])
      await expectFew(filter, async () => {
        expect(idsOf(await listEvents(manager, stock.tenantId, filter, NOTHING))).toEqual([old]);
      });
  });
});
