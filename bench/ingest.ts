import { type Arm, type Arms, startArms } from './arms.js';
import type { BenchContext } from './bench-context.js';
import { median, medianOfKnown } from './measure.js';
import { type InsertTurn, takeInsertTurn } from './postgres/insert-rate.js';
import { type Section, show, type Table } from './section.js';
import type { PlainDatabase } from './servers.js';
import { doubtsAbout, settle, takeTurn, type Turn } from './turn.js';

const WARM_UP_SECONDS = 1;
/** Large bodies are about bytes, not about requests: fewer arms and rounds tell it. */
const SIZES: readonly {
  readonly bodyBytes: number;
  readonly mostRounds: number;
  readonly without: readonly RowKey[];
}[] = [
  { bodyBytes: 1_024, mostRounds: Infinity, without: [] },
  { bodyBytes: 20_480, mostRounds: 3, without: ['duplicates-half', 'duplicates-all', 'insert-32'] },
];
/** What PostgreSQL itself takes of the same rows. */
const INSERTS = [
  { key: 'insert-1', title: 'PostgreSQL alone, one row a commit', connections: 64, rowsPerStatement: 1 },
  { key: 'insert-32', title: 'PostgreSQL alone, 32 rows a commit', connections: 4, rowsPerStatement: 32 },
] as const;

type RowKey = Arm['key'] | (typeof INSERTS)[number]['key'];

/** All rounds of one arm with bodies of one size. */
interface Row {
  readonly key: RowKey;
  readonly title: string;
  readonly bodyBytes: number;
  readonly perSecond: number[];
  readonly turns: Turn[];
  readonly inserts: InsertTurn[];
}

/**
 * How many callbacks a second, side by side: every round runs every arm once, so that whatever else the machine does
 * meets them alike, and ratios are taken within a round.
 */
export async function benchIngest({ options, generator, progress }: BenchContext): Promise<Section> {
  progress('starting six servers');
  const arms = await startArms();
  const rows: Row[] = [];
  try {
    for (const { bodyBytes, mostRounds, without } of SIZES) {
      const ofSize = [...arms.list, ...INSERTS]
        .filter(({ key }) => !without.includes(key))
        .map(({ key, title }): Row => ({ key, title, bodyBytes, perSecond: [], turns: [], inserts: [] }));
      rows.push(...ofSize);
      for (let round = 1; round <= Math.min(options.rounds, mostRounds); round += 1)
        for (const row of ofSize) await takeRowsTurn(row, arms, { options, generator, progress });
    }
  } finally {
    await arms.stop();
  }
  const bySize = SIZES.map((size) => rows.filter(({ bodyBytes }) => bodyBytes === size.bodyBytes));
  return {
    tables: bySize.flatMap(tablesOf),
    data: { rows, ratios: bySize.flatMap(ratiosOf) },
    violations: rows.flatMap((row) =>
      [...row.turns, ...row.inserts].flatMap(({ violations }) =>
        violations.map((line) => `${row.title}: ${line}`),
      ),
    ),
    warnings: doubtsAbout(rows.flatMap(({ turns }) => turns)),
  };
}

async function takeRowsTurn(row: Row, arms: Arms, context: BenchContext): Promise<void> {
  await settle();
  const arm = arms.list.find(({ key }) => key === row.key);
  if (arm === undefined) await insertTurn(row, arms.plain, context.options.seconds);
  else await ingestTurn(row, arm, context);
  context.progress(`${row.bodyBytes} B: ${row.title}: ${show.whole(row.perSecond.at(-1) ?? 0)}/s`);
}

async function ingestTurn(
  row: Row,
  { server, target, duplicates }: Arm,
  context: BenchContext,
): Promise<void> {
  const { connections, seconds } = context.options;
  const turn = await takeTurn(context.generator, server, {
    targets: [target],
    bodyBytes: row.bodyBytes,
    connections,
    warmUpSeconds: WARM_UP_SECONDS,
    seconds,
    duplicates,
  });
  row.turns.push(turn);
  row.perSecond.push(turn.result.perSecond);
}

async function insertTurn(row: Row, plain: PlainDatabase, seconds: number): Promise<void> {
  const insert = INSERTS.find(({ key }) => key === row.key);
  if (insert === undefined) return;
  const { connections, rowsPerStatement } = insert;
  const turn = await takeInsertTurn(plain, {
    connections,
    rowsPerStatement,
    bodyBytes: row.bodyBytes,
    warmUpSeconds: WARM_UP_SECONDS,
    seconds,
  });
  row.inserts.push(turn);
  row.perSecond.push(turn.result.rowsPerSecond);
}

function tablesOf(rows: readonly Row[]): Table[] {
  const [size = 0] = rows.map(({ bodyBytes }) => bodyBytes);
  const bare = rows.find(({ key }) => key === 'bare');
  return [
    {
      title: `Callbacks a second, bodies of ${Math.round(size / 1_024)} KB`,
      columns: [
        '',
        'per second',
        'least–most',
        'of bare',
        'p50 ms',
        'p99 ms',
        'CPU µs: server',
        'PostgreSQL',
        'generator',
        'bytes: log',
        'tables',
      ],
      rows: rows.map((row) => cellsOf(row, bare)),
      notes: [
        'medians of the rounds; CPU and bytes are per event; p50 and p99 at saturation say how long the queue is, not how quick the server',
      ],
    },
    {
      title: `Ratios, bodies of ${Math.round(size / 1_024)} KB`,
      columns: ['', 'median', 'least–most'],
      rows: ratiosOf(rows).map(({ title, values }) => [title, show.fixed(median(values)), range(values, 2)]),
      notes: ['each taken within one round'],
    },
  ];
}

function cellsOf({ title, perSecond, turns, inserts }: Row, bare: Row | undefined): string[] {
  const ofTurns = (value: (turn: Turn) => number | null) => medianOfKnown(turns.map(value));
  const known = (ofTurn: (turn: Turn) => number | null, ofInsert: (turn: InsertTurn) => number | null) =>
    medianOfKnown([...turns.map(ofTurn), ...inserts.map(ofInsert)]);
  return [
    title,
    show.whole(median(perSecond)),
    range(perSecond, 0),
    show.fixed(bare === undefined ? null : median(perSecond) / median(bare.perSecond)),
    show.fixed(
      ofTurns(({ result }) => result.latency.p50Ms),
      1,
    ),
    show.fixed(
      ofTurns(({ result }) => result.latency.p99Ms),
      1,
    ),
    show.whole(ofTurns(({ cpu }) => cpu.serverUs)),
    show.whole(
      known(
        ({ cpu }) => cpu.postgresUs,
        ({ postgresUs }) => postgresUs,
      ),
    ),
    show.whole(
      known(
        ({ cpu }) => cpu.generatorUs,
        ({ clientUs }) => clientUs,
      ),
    ),
    show.whole(ofTurns(({ walBytes }) => walBytes)),
    show.whole(ofTurns(({ tableBytes }) => tableBytes)),
  ];
}

const RATIOS: readonly (readonly [title: string, of: RowKey, to: RowKey])[] = [
  ['Callbox to bare Fastify + HMAC', 'callbox', 'bare'],
  ['Callbox to Nest, one INSERT per request', 'callbox', 'nest'],
  ['Callbox to PostgreSQL alone, one row a commit', 'callbox', 'insert-1'],
  ['Callbox to PostgreSQL alone, 32 rows a commit', 'callbox', 'insert-32'],
  ['QStash to HMAC', 'qstash', 'callbox'],
  ['half duplicates to none', 'duplicates-half', 'callbox'],
  ['nearly all duplicates to none', 'duplicates-all', 'callbox'],
];

function ratiosOf(rows: readonly Row[]): { title: string; bodyBytes: number; values: number[] }[] {
  const rates = (key: RowKey) => rows.find((row) => row.key === key)?.perSecond ?? [];
  return RATIOS.filter(([, ...keys]) => keys.every((key) => rates(key).length > 0)).map(
    ([title, of, to]) => ({
      title,
      bodyBytes: rows[0]?.bodyBytes ?? 0,
      values: rates(of).map((rate, round) => rate / (rates(to)[round] ?? NaN)),
    }),
  );
}

function range(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return digits === 0
    ? `${show.whole(least)}–${show.whole(most)}`
    : `${least.toFixed(digits)}–${most.toFixed(digits)}`;
}
