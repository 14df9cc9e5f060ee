import type { BenchContext } from './bench-context.js';
import { median } from './measure.js';
import { measurePeak } from './peak.js';
import { type Section, show } from './section.js';
import { startCallbox } from './servers.js';
import { hmacSource } from './sources.js';
import { doubtsAbout, settle, takeTurn, type Turn } from './turn.js';

const SHARES = [0.25, 0.5, 0.75];
const FIXED_RATES = [1_000, 2_000];
const MOST_ROUNDS = 3;
const BODY_BYTES = 1_024;
/** More than will ever be needed at once, so that no request waits for one. */
const CONNECTIONS = 256;

interface Step {
  readonly title: string;
  readonly ratePerSecond: number;
  readonly turns: Turn[];
}

/** How long an answer takes at rates below the peak, from the time at which the request was meant to be sent. */
export async function benchLatency(context: BenchContext): Promise<Section> {
  const { options, generator, progress } = context;
  const callbox = await startCallbox();
  try {
    const target = await hmacSource(callbox, 'bench');
    const peak = await measurePeak(context, callbox, target);
    const steps: Step[] = [
      ...FIXED_RATES.map((rate) => ({ title: `${show.whole(rate)}/s`, ratePerSecond: rate, turns: [] })),
      ...SHARES.map((share) => {
        return {
          title: `${share * 100} % of the peak`,
          ratePerSecond: Math.round(peak.perSecond * share),
          turns: [],
        };
      }),
    ];
    for (let round = 1; round <= Math.min(options.rounds, MOST_ROUNDS); round += 1) {
      for (const { title, ratePerSecond, turns } of steps) {
        await settle();
        const turn = await takeTurn(generator, callbox, {
          targets: [target],
          bodyBytes: BODY_BYTES,
          connections: CONNECTIONS,
          ratePerSecond,
          warmUpSeconds: 1,
          seconds: options.seconds,
          duplicates: 'none',
        });
        turns.push(turn);
        progress(`round ${round}: ${title}: p99 ${show.fixed(turn.result.latency.p99Ms, 1)} ms`);
      }
    }
    return sectionOf(peak.perSecond, steps);
  } finally {
    await callbox.stop();
  }
}

function sectionOf(peak: number, steps: readonly Step[]): Section {
  const turns = steps.flatMap((step) => step.turns);
  return {
    tables: [
      {
        title: 'Latency of Callbox at fixed rates, ms',
        columns: [
          '',
          'offered /s',
          'answered /s',
          'p50',
          'p99',
          'p99.9',
          'longest',
          'sent late by, p99',
          'CPU µs: server',
          'PostgreSQL',
        ],
        rows: steps.map(cellsOf),
        notes: [
          `peak: ${show.whole(peak)}/s; open loop over ${CONNECTIONS} connections, 1 KB, from the time at which each request was meant to be sent`,
          'what the generator itself was late is part of the latencies',
        ],
      },
    ],
    data: { peakPerSecond: peak, steps },
    violations: turns.flatMap(({ violations }) => violations),
    warnings: doubtsAbout(turns),
  };
}

function cellsOf({ title, ratePerSecond, turns }: Step): string[] {
  const ms = (value: (turn: Turn) => number) => show.fixed(median(turns.map(value)), 1);
  const us = (value: (turn: Turn) => number | null) =>
    show.whole(median(turns.map((turn) => value(turn) ?? NaN)));
  return [
    title,
    show.whole(ratePerSecond),
    show.whole(median(turns.map(({ result }) => result.perSecond))),
    ms(({ result }) => result.latency.p50Ms),
    ms(({ result }) => result.latency.p99Ms),
    ms(({ result }) => result.latency.p999Ms),
    ms(({ result }) => result.latency.maxMs),
    ms(({ result }) => result.lateness.p99Ms),
    us(({ cpu }) => cpu.serverUs),
    us(({ cpu }) => cpu.postgresUs),
  ];
}
