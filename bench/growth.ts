import { fromUlid } from '#contract';
import type { BenchContext } from './bench-context.js';
import type { Target } from './load/load-spec.js';
import { median, percentile } from './measure.js';
import { type Section, show, type Table } from './section.js';
import { seedEvents } from './seed-events.js';
import { type BenchedCallbox, startCallbox } from './servers.js';
import { hmacSource } from './sources.js';
import { doubtsAbout, settle, takeTurn, type Turn } from './turn.js';

const SOURCES = [1, 10, 256, 1_000];
const TENANTS = 16;
const MOST_ROUNDS = 3;
const STORED_QUICK = [10_000, 20_000];
const STORED = [100_000];
const STORED_LARGE = [...STORED, 1_000_000, 10_000_000];
/** Longer than what an inbox remembers of a source, so that looking it up anew has its share. */
const SOURCES_SECONDS = 10;
const SEED_DAYS = 28;
const SEED_SOURCES = 100;
const LISTS = 300;

interface SourcesStep {
  readonly sources: number;
  readonly turns: Turn[];
}

interface StoredStep {
  readonly stored: number;
  readonly turns: readonly Turn[];
  readonly listMs: readonly number[];
  readonly seedSeconds: number;
}

/** Whether it becomes slower with the number of sources, and with the number of events that are stored already. */
export async function benchGrowth(context: BenchContext): Promise<Section> {
  const callbox = await startCallbox();
  try {
    const bySources = await growSources(context, callbox);
    const byStored = await growStored(context, callbox);
    const turns = [...bySources, ...byStored].flatMap((step) => step.turns);
    return {
      tables: [sourcesTable(bySources), storedTable(byStored)],
      data: { bySources, byStored },
      violations: turns.flatMap(({ violations }) => violations),
      warnings: doubtsAbout(turns),
    };
  } finally {
    await callbox.stop();
  }
}

async function growSources(context: BenchContext, callbox: BenchedCallbox): Promise<SourcesStep[]> {
  const { options, progress } = context;
  progress(`making ${SOURCES.at(-1)} sources of ${TENANTS} tenants`);
  const targets = await manySources(callbox, SOURCES.at(-1) ?? 1);
  const steps = SOURCES.map((sources): SourcesStep => ({ sources, turns: [] }));
  // The first time is that of a process that has just been started, and of secrets that have verified nothing yet.
  for (const isCounted of [false, true]) {
    for (const { sources, turns } of steps) {
      const seconds = isCounted && !options.isQuick ? SOURCES_SECONDS : options.seconds;
      const turn = await ingest(context, callbox, { targets: targets.slice(0, sources), seconds });
      if (isCounted) turns.push(turn);
      progress(`${sources} sources: ${show.whole(turn.result.perSecond)}/s`);
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
  for (let index = 0; index < count; index += 1)
    targets.push(await hmacSource(callbox, `source-${index}`, keys[index % TENANTS]));
  return targets;
}

async function growStored(context: BenchContext, callbox: BenchedCallbox): Promise<StoredStep[]> {
  const { options, progress } = context;
  const target = await hmacSource(callbox, 'stored');
  const owner = await makeOwner(callbox);
  const steps: StoredStep[] = [];
  let stored = 0;
  for (const count of options.isQuick ? STORED_QUICK : options.isLarge ? STORED_LARGE : STORED) {
    progress(`storing ${show.whole(count - stored)} events`);
    const startedAt = performance.now();
    await seedEvents(callbox.pool, {
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
  return steps;
}

interface Wanted {
  readonly targets: readonly Target[];
  readonly seconds: number;
  readonly keepsEvents?: boolean;
}

async function ingest(
  { options, generator }: BenchContext,
  callbox: BenchedCallbox,
  { targets, seconds, keepsEvents = false }: Wanted,
): Promise<Turn> {
  await settle();
  const load = {
    targets,
    bodyBytes: 1_024,
    connections: options.connections,
    warmUpSeconds: 1,
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
    columns: ['sources', 'per second', 'of one source'],
    rows: steps.map((step) => [
      show.whole(step.sources),
      show.whole(rate(step)),
      show.fixed(one === undefined ? null : rate(step) / rate(one)),
    ]),
    notes: ['requests go to the sources in turns; 1 KB, HMAC'],
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
