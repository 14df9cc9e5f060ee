import { setTimeout as sleep } from 'node:timers/promises';
import { Pruner } from '#deliveries';
import type { BenchContext } from './bench-context.js';
import type { Target } from './load/load-spec.js';
import { show, type Table } from './section.js';
import type { BenchedCallbox } from './servers.js';
import { settle, takeTurn, type Turn } from './turn.js';

const PER_SECOND = 1_000;
const SECONDS = 10;

/** What it took to forget the oldest days, and what callbacks noticed of it. */
export interface Retention {
  readonly events: number;
  readonly seconds: number;
  /** Rows that were deleted and not yet vacuumed away, in all partitions of events. */
  readonly deadRows: number;
  readonly before: Turn;
  readonly meanwhile: Turn;
}

/** Shortens the retention of all sources, so that the oldest whole day and what is older go, while callbacks come in. */
export async function forgetOldest(
  context: BenchContext,
  callbox: BenchedCallbox,
  { target, days }: { readonly target: Target; readonly days: number },
): Promise<Retention> {
  const { pool } = callbox;
  const before = await ingest(context, callbox, target);
  const count = async () =>
    Number((await pool.query<{ count: string }>('select count(*) from events')).rows[0]?.count);
  const counted = await count();
  await pool.query(
    `update sources set config = config || jsonb_build_object('retention_days', $1::integer)`,
    [days - 2],
  );
  await settle();
  const ingesting = ingest(context, callbox, target);
  await sleep(2_000);
  const pruner = new Pruner(pool);
  const startedAt = performance.now();
  while ((await pruner.prune()) > 0);
  const seconds = (performance.now() - startedAt) / 1_000;
  const meanwhile = await ingesting;
  const { rows } = await pool.query<{ dead: string }>(
    `select coalesce(sum(n_dead_tup), 0) as dead from pg_stat_user_tables where relname ~ '^events_\\d'`,
  );
  const came = meanwhile.result.totalSent;
  return {
    events: counted + came - (await count()),
    seconds,
    deadRows: Number(rows[0]?.dead),
    before,
    meanwhile,
  };
}

/** As a table. */
export function retentionTable({ events, seconds, deadRows, before, meanwhile }: Retention): Table {
  const p99 = ({ result }: Turn) => result.latency.p99Ms;
  return {
    title: 'Retention: the oldest days go',
    columns: ['events', 'seconds', 'rows left dead', 'p99 ms before', 'p99 ms meanwhile', 'longest ms'],
    rows: [
      [
        show.whole(events),
        show.fixed(seconds, 1),
        show.whole(deadRows),
        show.fixed(p99(before), 1),
        show.fixed(p99(meanwhile), 1),
        show.fixed(meanwhile.result.latency.maxMs, 1),
      ],
    ],
    notes: [
      `amid ${show.whole(PER_SECOND)} callbacks a second; deliveries of what has gone follow in batches`,
    ],
  };
}

async function ingest({ generator }: BenchContext, callbox: BenchedCallbox, target: Target): Promise<Turn> {
  await settle();
  const load = {
    targets: [target],
    bodyBytes: 1_024,
    connections: 256,
    ratePerSecond: PER_SECOND,
    warmUpSeconds: 1,
    seconds: SECONDS,
    duplicates: 'none',
  } as const;
  return takeTurn(generator, callbox, load, { keepsEvents: true });
}
