import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { toUlid } from '#contract';
import type { BenchContext } from './bench-context.js';
import type { Target } from './load/load-spec.js';
import { percentile } from './measure.js';
import { show, type Table } from './section.js';
import type { Seeded } from './seed-events.js';
import type { BenchedCallbox } from './servers.js';
import { settle, takeTurn, type Turn } from './turn.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const TIMES = 100;
const SEARCHES = 10;
const DEEP_PAGE = 1_000;
const SEARCHED_DAYS = 7;
const INGEST_PER_SECOND = 2_000;
/** Readers pause, so that they do not make up the load. */
const EVERY_MS = 20;

/** What was asked of the API, and how long the answers took. */
export interface Read {
  readonly what: string;
  readonly ms: readonly number[];
}

/** Whose events are read, and what is known of them. */
export interface Stock {
  readonly key: string;
  readonly tenantId: string;
  readonly seeded: Seeded;
}

/** Times what the API reads of many stored events, one request after the other; then again what is newest, amid callbacks. */
export async function timeReads(
  context: BenchContext,
  callbox: BenchedCallbox,
  { stock, target }: { readonly stock: Stock; readonly target: Target },
): Promise<{ readonly reads: Read[]; readonly turn: Turn }> {
  const ask = <Body>(path: string) => callbox.call<Body>('GET', path, undefined, stock.key);
  const paths = await pathsOf(callbox.pool, stock, ask);
  const reads: Read[] = [];
  for (const [what, path] of paths) reads.push({ what, ms: await time(TIMES, (turn) => ask(path(turn))) });
  const hidden = await someEvents(callbox.pool, stock, Date.now() - (SEARCHED_DAYS - 0.5) * DAY_MS);
  reads.push({
    what: `found by a header's value, in the last ${SEARCHED_DAYS} days`,
    ms: await time(SEARCHES, (turn) => findByHeader(ask, hidden[turn % hidden.length]?.header ?? '')),
  });
  await settle();
  const seconds = Math.ceil((TIMES * EVERY_MS) / 1_000) + 1;
  const ingesting = takeTurn(
    context.generator,
    callbox,
    {
      targets: [target],
      bodyBytes: 1_024,
      connections: 256,
      ratePerSecond: INGEST_PER_SECOND,
      warmUpSeconds: 1,
      seconds,
      duplicates: 'none',
    },
    { keepsEvents: true },
  );
  await sleep(1_000);
  const busyMs = await time(TIMES, async () => {
    await ask('/v1/events?limit=50');
    await sleep(EVERY_MS);
  });
  reads.push({
    what: `newest 50, amid ${show.whole(INGEST_PER_SECOND)} callbacks a second`,
    ms: busyMs.map((ms) => ms - EVERY_MS),
  });
  return { reads, turn: await ingesting };
}

/** As a table. */
export function readsTable(stored: number, reads: readonly Read[]): Table {
  return {
    title: `Reading, with ${show.whole(stored)} events stored`,
    columns: ['', 'p50 ms', 'p99 ms'],
    rows: reads.map(({ what, ms }) => [
      what,
      show.fixed(percentile(ms, 50), 1),
      show.fixed(percentile(ms, 99), 1),
    ]),
    notes: [
      `through the API, pages of 50, ${TIMES} requests one after the other; ${SEARCHES} searches in headers, page by page until found`,
    ],
  };
}

type Ask = <Body>(path: string) => Promise<Body>;
type Page = { readonly data: readonly unknown[]; readonly next_cursor: string | null };

async function pathsOf(
  pool: pg.Pool,
  stock: Stock,
  ask: Ask,
): Promise<[what: string, path: (turn: number) => string][]> {
  const events = await someEvents(pool, stock, Date.now() - 14 * DAY_MS);
  const of = (turn: number) => events[turn % events.length] ?? { id: '', providerId: '', runId: '' };
  const source = (turn: number) =>
    `source=s-${stock.seeded.sourceIds[turn % stock.seeded.sourceIds.length] ?? ''}`;
  const [from, to] = [14, 13.95].map((days) => new Date(Date.now() - days * DAY_MS).toISOString());
  const cursor = await cursorOf(ask, DEEP_PAGE);
  return [
    ['newest 50', () => '/v1/events?limit=50'],
    ['of a source', (turn) => `/v1/events?limit=50&${source(turn)}`],
    ['of a type that one in a thousand has', () => '/v1/events?limit=50&type=run.rare'],
    ['of a source and a type', (turn) => `/v1/events?limit=50&${source(turn)}&type=run.failed`],
    [
      'of an hour two weeks ago',
      () => `/v1/events?limit=50&received_after=${from ?? ''}&received_before=${to ?? ''}`,
    ],
    [`page ${show.whole(DEEP_PAGE)}`, () => `/v1/events?limit=50&cursor=${cursor}`],
    ['deliveries that failed', () => '/v1/deliveries?limit=50&status=failed'],
    ['an event with its content', (turn) => `/v1/events/${toUlid(of(turn).id)}`],
    ["found by the provider's id", (turn) => `/v1/events?q=${of(turn).providerId}`],
    ["found by a run's id", (turn) => `/v1/events?q=${of(turn).runId}`],
    ['all sources, with their last events', () => '/v1/sources?limit=50'],
  ];
}

async function time(times: number, work: (turn: number) => Promise<unknown>): Promise<number[]> {
  const ms: number[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const startedAt = performance.now();
    await work(turn);
    ms.push(performance.now() - startedAt);
  }
  return ms;
}

async function cursorOf(ask: Ask, page: number): Promise<string> {
  let cursor = '';
  for (let number = 1; number < page; number += 1) {
    const { next_cursor } = await ask<Page>(`/v1/events?limit=50${cursor && `&cursor=${cursor}`}`);
    if (next_cursor === null) break;
    cursor = next_cursor;
  }
  return cursor;
}

/** A search that takes long answers what it has found so far, and a cursor to go on from. */
async function findByHeader(ask: Ask, value: string): Promise<void> {
  const after = new Date(Date.now() - SEARCHED_DAYS * DAY_MS).toISOString();
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: Page = await ask(
      `/v1/events?limit=50&received_after=${after}&q=${value}${cursor && `&cursor=${cursor}`}`,
    );
    if (page.data.length > 0) return;
    cursor = page.next_cursor;
  }
  throw new Error(`nothing has the header value ${value}`);
}

interface SomeEvent {
  readonly id: string;
  readonly providerId: string;
  readonly runId: string;
  readonly header: string;
}

async function someEvents(pool: pg.Pool, { tenantId }: Stock, fromMs: number): Promise<SomeEvent[]> {
  const { rows } = await pool.query<SomeEvent>(
    `select id, provider_event_id as "providerId", run_id as "runId", substr(provider_event_id, 5) as header
     from events where tenant_id = $1 and id >= (lpad(to_hex($2::bigint), 12, '0') || repeat('0', 20))::uuid
     order by id limit $3`,
    [tenantId, Math.round(fromMs), TIMES],
  );
  return rows;
}
