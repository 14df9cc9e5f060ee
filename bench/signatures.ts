import { median } from './measure.js';
import { families, type Lane } from './signature-lanes.js';

const ROUNDS = 40;
const WARM_UP_ROUNDS = 6;
const ROUND_US = 4000;

interface Row {
  readonly name: string;
  readonly oursNs: number;
  readonly bareNs: number;
  readonly ratio: number;
}

/**
 * How much longer a verification takes than the node:crypto calls it cannot do without. Both sides take turns in short
 * rounds; the ratio is the median of the rounds' own ratios, so that a busy moment of the machine hits both.
 */
export async function benchSignatures(): Promise<void> {
  const lanes = await families();
  const rows: Row[] = [];
  for (const lane of lanes) rows.push(await compare(lane));
  console.log(`${'family, 1 KB body'.padEnd(48)}${'ours'.padStart(10)}${'bare'.padStart(10)}  ratio`);
  for (const { name, oursNs, bareNs, ratio } of rows) {
    const mark = ratio > 1.5 ? '  above 1.5' : '';
    console.log(`${name.padEnd(48)}${ns(oursNs)}${ns(bareNs)}  ${ratio.toFixed(2)}${mark}`);
  }
}

async function compare(lane: Lane): Promise<Row> {
  const verdict = await lane.ours();
  if (!verdict.ok) throw new Error(`${lane.name}: ${verdict.reason}`);
  const count = Math.max(5, Math.floor((ROUND_US * 1000) / (await timed(lane, 'bare', 200))));
  const rounds: { ours: number; bare: number }[] = [];
  for (let round = 0; round < ROUNDS + WARM_UP_ROUNDS; round += 1) {
    const bare = await timed(lane, 'bare', count);
    const ours = await timed(lane, 'ours', count);
    if (round >= WARM_UP_ROUNDS) rounds.push({ ours, bare });
  }
  return {
    name: lane.name,
    oursNs: median(rounds.map(({ ours }) => ours)),
    bareNs: median(rounds.map(({ bare }) => bare)),
    ratio: median(rounds.map(({ ours, bare }) => ours / bare)),
  };
}

/** Nanoseconds for one call. Only what answers with a promise is waited for. */
async function timed(lane: Lane, side: 'ours' | 'bare', count: number): Promise<number> {
  const run: () => unknown = lane[side];
  const isAsync = side === 'ours' && lane.isAsync === true;
  const start = process.hrtime.bigint();
  for (let call = 0; call < count; call += 1) {
    if (isAsync) await run();
    else run();
  }
  return Number(process.hrtime.bigint() - start) / count;
}

function ns(value: number): string {
  return `${Math.round(value)} ns`.padStart(10);
}
