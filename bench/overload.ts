import type { BenchContext } from './bench-context.js';
import type { Target } from './load/load-spec.js';
import { measurePeak } from './peak.js';
import { mostOpenFiles, residentBytesOf, watchResidentBytes } from './processes.js';
import { type Section, show } from './section.js';
import { type BenchedCallbox, startCallbox } from './servers.js';
import { hmacSource } from './sources.js';
import { settle, takeTurn, type Turn } from './turn.js';

const FACTOR = 2;
/** A minute over few connections, one over as many as some hundred senders open, and a short storm of nearly all that Callbox lets in. */
const STEPS = [
  { connections: 256, seconds: 60 },
  { connections: 1_000, seconds: 60 },
  { connections: 8_000, seconds: 10 },
];
const QUICK_SECONDS = 3;
const LEAST_SERVED_SHARE = 0.9;
const MOST_RESIDENT_BYTES = 400 * 1024 ** 2;

interface Step {
  readonly connections: number;
  readonly seconds: number;
  readonly servedShare: number;
  readonly residentBeforeBytes: number | null;
  readonly mostResidentBytes: number | null;
  readonly turn: Turn;
}

/** Twice the peak: what is served of it, what the rest is told, and how much memory it takes. */
export async function benchOverload(context: BenchContext): Promise<Section> {
  const callbox = await startCallbox();
  try {
    const target = await hmacSource(callbox, 'bench');
    const { perSecond: peak } = await measurePeak(context, callbox, target);
    const steps: Step[] = [];
    for (const step of STEPS) steps.push(await overload(context, { callbox, target, peak, ...step }));
    return sectionOf(peak, steps);
  } finally {
    await callbox.stop();
  }
}

interface Overload {
  readonly callbox: BenchedCallbox;
  readonly target: Target;
  readonly peak: number;
  readonly connections: number;
  readonly seconds: number;
}

async function overload({ options, generator, progress }: BenchContext, wanted: Overload): Promise<Step> {
  const { callbox, target, peak } = wanted;
  const seconds = options.isQuick ? QUICK_SECONDS : wanted.seconds;
  const connections = Math.min(wanted.connections, mostOpenFiles() - 200);
  await settle();
  progress(`${seconds} s at ${show.whole(FACTOR * peak)}/s over ${show.whole(connections)} connections`);
  const residentBeforeBytes = residentBytesOf(callbox.pid);
  const stopWatching = watchResidentBytes(callbox.pid);
  const turn = await takeTurn(generator, callbox, {
    targets: [target],
    bodyBytes: 1_024,
    connections,
    ratePerSecond: FACTOR * peak,
    warmUpSeconds: 1,
    seconds,
    duplicates: 'none',
  });
  return {
    connections,
    seconds,
    servedShare: turn.result.perSecond / peak,
    residentBeforeBytes,
    mostResidentBytes: stopWatching(),
    turn,
  };
}

function sectionOf(peak: number, steps: readonly Step[]): Section {
  return {
    tables: [
      {
        title: `Overload: ${FACTOR} times the peak`,
        columns: [
          'connections',
          'seconds',
          'offered /s',
          'served /s',
          'of the peak',
          'answers',
          'unanswered',
          'p50 ms',
          'p99 ms',
          'memory before',
          'most',
          'goal',
        ],
        rows: steps.map((step) => cellsOf(peak, step)),
        notes: [
          `peak: ${show.whole(peak)}/s over few connections; goal: ${LEAST_SERVED_SHARE} of it served, below ${show.mebibytes(MOST_RESIDENT_BYTES)}`,
          'latencies of what was accepted, from when it was sent: what waited for a free connection was not with Callbox yet',
        ],
      },
    ],
    data: { peakPerSecond: peak, steps },
    violations: steps.flatMap(({ turn }) => turn.violations),
    // That the generator is at its limit too is what an overload is.
    warnings: [],
  };
}

function cellsOf(peak: number, { connections, seconds, servedShare, turn, ...memory }: Step): string[] {
  const { result } = turn;
  const statuses = Object.entries(result.byStatus).map(
    ([status, count]) => `${status}: ${show.whole(count)}`,
  );
  const isMet = servedShare >= LEAST_SERVED_SHARE && (memory.mostResidentBytes ?? 0) < MOST_RESIDENT_BYTES;
  return [
    show.whole(connections),
    String(seconds),
    show.whole(FACTOR * peak),
    show.whole(result.perSecond),
    show.fixed(servedShare),
    statuses.join(', '),
    show.whole(result.totalUnanswered),
    show.fixed(result.service.p50Ms, 0),
    show.fixed(result.service.p99Ms, 0),
    show.mebibytes(memory.residentBeforeBytes),
    show.mebibytes(memory.mostResidentBytes),
    isMet ? 'met' : 'not met',
  ];
}
