import { fromUlid } from '#contract';
import type { BenchContext } from './bench-context.js';
import type { Target } from './load/load-spec.js';
import { median, percentile } from './measure.js';
import { type Read, readsTable, timeReads } from './reads.js';
import { forgetOldest, type Retention, retentionTable } from './retention.js';
import { type Section, show, type Table } from './section.js';
import { seedEvents, type Seeded } from './seed-events.js';
import { type BenchedCallbox, startCallbox } from './servers.js';
import { hmacSource } from './sources.js';
import { doubtsAbout, settle, takeTurn, type Turn } from './turn.js';

const SOURCES = [1, 10, 256, 1_000];
/** With `--large`; the first of them get most of the requests, the others hardly any, as with Zipf. */
const MANY_SOURCES = 100_000;
const ZIPF_REQUESTS = 40_000;
const TENANTS = 16;
const MOST_ROUNDS = 3;
const STORED_QUICK = [10_000, 20_000];
const STORED = [100_000];
const STORED_LARGE = [...STORED, 1_000_000, 10_000_000];
/** Long enough for the rarest of many sources to have their turns. */
const SOURCES_SECONDS = 10;
const SEED_DAYS = 28;
const SEED_SOURCES = 100;
const LISTS = 300;

interface SourcesStep {
  readonly title: string;
  /** Taken in turns. */
  readonly targets: readonly Target[];
  /** Right after the start, when the sources had to be looked up first. */
  cold: Turn | null;
  readonly turns: Turn[];
}

interface StoredStep {
  readonly stored: number;
  readonly turns: readonly Turn[];
  readonly listMs: readonly number[];
  readonly seedSeconds: number;
}

interface Stored {
  readonly steps: readonly StoredStep[];
  readonly reads: readonly Read[];
  /** That came in while there were readers. */
  readonly turn: Turn;
  readonly retention: Retention;
}

/** Whether it becomes slower with the number of sources, and with the number of events that are stored already. */
export async function benchGrowth(context: BenchContext): Promise<Section> {
  const callbox = await startCallbox();
  try {
    const bySources = await growSources(context, callbox);
    const byStored = await growStored(context, callbox);
    const { steps, reads, retention } = byStored;
    const turns = [...bySources, ...steps].flatMap((step) => step.turns);
    turns.push(
      ...bySources.flatMap(({ cold }) => cold ?? []),
      byStored.turn,
      retention.before,
      retention.meanwhile,
    );
    return {
      tables: [
        sourcesTable(bySources),
        storedTable(steps),
        readsTable(steps.at(-1)?.stored ?? 0, reads),
        retentionTable(retention),
      ],
      data: {
        bySources: bySources.map(({ title, cold, turns: of }) => ({ sources: title, cold, turns: of })),
        byStored: steps,
        reads,
        retention,
      },
      violations: turns.flatMap(({ violations }) => violations),
      warnings: doubtsAbout(turns),
    };
  } finally {
    await callbox.stop();
  }
}

async function growSources(context: BenchContext, callbox: BenchedCallbox): Promise<SourcesStep[]> {
  const { options, progress } = context;
  const most = options.isLarge ? MANY_SOURCES : Math.max(...SOURCES);
  progress(`making ${show.whole(most)} sources of ${TENANTS} tenants`);
  const targets = await manySources(callbox, most);
  const steps = SOURCES.map((count): SourcesStep => {
    return { title: show.whole(count), targets: targets.slice(0, count), cold: null, turns: [] };
  });
  if (options.isLarge)
    steps.push({
      title: `${show.whole(most)}, Zipf`,
      targets: zipf(targets, ZIPF_REQUESTS),
      cold: null,
      turns: [],
    });
  const rounds = options.isQuick ? 1 : Math.min(options.rounds, MOST_ROUNDS);
  for (let round = 0; round <= rounds; round += 1) {
    for (const step of steps) {
      const isCold = round === 0;
      const seconds = isCold || options.isQuick ? options.seconds : SOURCES_SECONDS;
      const turn = await ingest(context, callbox, { targets: step.targets, seconds, isCold });
      if (isCold) step.cold = turn;
      else step.turns.push(turn);
      progress(`${step.title} sources: ${show.whole(turn.result.perSecond)}/s`);
    }
  }
  return steps;
}

async function manySources(callbox: BenchedCallbox, count: number): Promise<Target[]> {
  const keys: string[] = [];
  for (let index = 0; index < TENANTS; index += 1) {
    const { api_key } = await callbox.call<{ api_key: { plain_key: string } }>('POST', '/v1/tenants', {
      slug: `tenant-${index}`,
    });
    keys.push(api_key.plain_key);
  }
  const targets: Target[] = [];
  while (targets.length < count) {
    const length = Math.min(TENANTS, count - targets.length);
    const making = Array.from({ length }, (_, index) =>
      hmacSource(callbox, `source-${targets.length + index}`, keys[index % TENANTS]),
    );
    targets.push(...(await Promise.all(making)));
  }
  return targets;
}

/** So many of them, the one at place `n` with a weight of `1 / n`, well mixed and the same each time. */
function zipf<Item>(items: readonly Item[], count: number): Item[] {
  const sum = items.reduce((total, _, index) => total + 1 / (index + 1), 0);
  const chosen: Item[] = [];
  let weight = 0;
  for (const [index, item] of items.entries()) {
    weight += 1 / (index + 1);
    while (chosen.length < Math.round((weight / sum) * count)) chosen.push(item);
  }
  // A prime that does not divide the count leads to each place once.
  return chosen
    .map((_, index) => chosen[(index * 7_919) % chosen.length])
    .filter((item) => item !== undefined);
}

async function growStored(context: BenchContext, callbox: BenchedCallbox): Promise<Stored> {
  const { options, progress } = context;
  const target = await hmacSource(callbox, 'stored');
  const owner = await makeOwner(callbox);
  const steps: StoredStep[] = [];
  let stored = 0;
  let seeded: Seeded = { tenantIds: [], sourceIds: [], destinationId: '' };
  for (const count of options.isQuick ? STORED_QUICK : options.isLarge ? STORED_LARGE : STORED) {
    progress(`storing ${show.whole(count - stored)} events`);
    const startedAt = performance.now();
    seeded = await seedEvents(callbox.pool, {
      count: count - stored,
      days: SEED_DAYS,
      sources: SEED_SOURCES,
      tenantId: owner.tenantId,
    });
    const seedSeconds = (performance.now() - startedAt) / 1_000;
    stored = count;
    await callbox.pool.query('checkpoint');
    const turns: Turn[] = [];
    for (let round = 0; round <= Math.min(options.rounds, MOST_ROUNDS); round += 1) {
      const turn = await ingest(context, callbox, {
        targets: [target],
        seconds: options.seconds,
        keepsEvents: true,
      });
      if (round > 0) turns.push(turn);
    }
    const listMs = await timeLists(callbox, owner.key);
    steps.push({ stored, turns, listMs, seedSeconds });
    progress(
      `${show.whole(stored)} stored: ${show.whole(median(turns.map(({ result }) => result.perSecond)))}/s`,
    );
  }
  progress('reading what is stored');
  const stock = { ...owner, seeded };
  const { reads, turn } = await timeReads(context, callbox, { stock, target });
  progress('forgetting the oldest days');
  const retention = await forgetOldest(context, callbox, { target, days: SEED_DAYS });
  return { steps, reads, turn, retention };
}

interface Wanted {
  readonly targets: readonly Target[];
  readonly seconds: number;
  /** Whether what comes in at first counts as well. */
  readonly isCold?: boolean;
  readonly keepsEvents?: boolean;
}

async function ingest(
  { options, generator }: BenchContext,
  callbox: BenchedCallbox,
  { targets, seconds, isCold = false, keepsEvents = false }: Wanted,
): Promise<Turn> {
  await settle();
  const load = {
    targets,
    bodyBytes: 1_024,
    connections: options.connections,
    warmUpSeconds: isCold ? 0 : 1,
    seconds,
    duplicates: 'none',
  } as const;
  return takeTurn(generator, callbox, load, { keepsEvents });
}

interface Owner {
  readonly tenantId: string;
  readonly key: string;
}

async function makeOwner({ call }: BenchedCallbox): Promise<Owner> {
  const { id, api_key } = await call<{ id: string; api_key: { plain_key: string } }>('POST', '/v1/tenants', {
    slug: 'seeded',
  });
  return { tenantId: fromUlid(id) ?? '', key: api_key.plain_key };
}

async function timeLists({ call }: BenchedCallbox, key: string): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < LISTS; count += 1) {
    const startedAt = performance.now();
    const { data } = await call<{ data: unknown[] }>('GET', '/v1/events?limit=50', undefined, key);
    times.push(performance.now() - startedAt);
    if (data.length !== 50) throw new Error(`a list of ${data.length} events instead of 50`);
  }
  return times;
}

function sourcesTable(steps: readonly SourcesStep[]): Table {
  const rate = ({ turns }: SourcesStep) => median(turns.map(({ result }) => result.perSecond));
  const [one] = steps;
  return {
    title: `Growth: sources, of up to ${TENANTS} tenants`,
    columns: ['sources', 'per second', 'of one source', 'the first time'],
    rows: steps.map((step) => [
      step.title,
      show.whole(rate(step)),
      show.fixed(one === undefined ? null : rate(step) / rate(one)),
      show.whole(step.cold?.result.perSecond ?? null),
    ]),
    notes: [
      'requests go to the sources in turns, or to the first ones far more often (Zipf); 1 KB, HMAC; medians of up to three turns',
      'the first time, what is new is looked up in the database first: callbacks a second of that turn',
    ],
  };
}

function storedTable(steps: readonly StoredStep[]): Table {
  const rate = ({ turns }: StoredStep) => median(turns.map(({ result }) => result.perSecond));
  const [least] = steps;
  return {
    title: 'Growth: events that are stored already',
    columns: ['stored', 'per second', 'of the first', 'list of 50: p50 ms', 'p99 ms'],
    rows: steps.map((step) => [
      show.whole(step.stored),
      show.whole(rate(step)),
      show.fixed(least === undefined ? null : rate(step) / rate(least)),
      show.fixed(percentile(step.listMs, 50), 1),
      show.fixed(percentile(step.listMs, 99), 1),
    ]),
    notes: [
      `seeded over ${SEED_DAYS} days; the list is the newest 50 of the tenant that has them, through the API, one after another`,
    ],
  };
}
