import { keyFamilies } from './signature-key-lanes.js';
import type { Lane } from './signature-lane.js';
import { secretFamilies } from './signature-lanes.js';

const ROUNDS = 80;
const WARM_UP_ROUNDS = 6;
const ROUND_NS = 2_000_000;

interface Row {
  readonly name: string;
  readonly oursNs: number;
  readonly bareNs: number;
  /** Of the call that computes the signature, without the comparison. */
  readonly callNs: number | null;
}

/**
 * How much longer a verification takes than the node:crypto calls it cannot do without. Both sides take turns in short
 * rounds, and the quickest tenth of each counts, so that what else the machine does hits both alike.
 */
export async function benchSignatures(): Promise<void> {
  const rows: Row[] = [];
  for (const lane of [...(await secretFamilies()), ...keyFamilies()]) rows.push(await compare(lane));
  const title = ['ours', 'bare', 'ratio', 'call', 'ratio'].map((word) => word.padStart(11)).join('');
  console.log('family, 1 KB body'.padEnd(44) + title);
  for (const { name, oursNs, bareNs, callNs } of rows) {
    const ofCall = callNs === null ? '' : inNs(callNs) + asRatio(oursNs / callNs);
    console.log(name.padEnd(44) + inNs(oursNs) + inNs(bareNs) + asRatio(oursNs / bareNs) + ofCall);
  }
  console.log(
    'bare: what must be called of node:crypto, with the comparison in constant time; call: without it',
  );
}

async function compare(lane: Lane): Promise<Row> {
  const verdict = await lane.ours();
  if (!verdict.ok) throw new Error(`${lane.name}: ${verdict.reason}`);
  const count = Math.max(5, Math.floor(ROUND_NS / timed(() => lane.bare(), 200)));
  const ours: number[] = [];
  const bare: number[] = [];
  const call: number[] = [];
  for (let round = 0; round < ROUNDS + WARM_UP_ROUNDS; round += 1) {
    const bareNs = timed(() => lane.bare(), count);
    const oursNs = lane.isAsync === true ? await timedOneByOne(lane, count) : timed(() => lane.ours(), count);
    const callNs = lane.call === undefined ? null : timed(() => lane.call?.(), count);
    if (round < WARM_UP_ROUNDS) continue;
    if (callNs !== null) call.push(callNs);
    ours.push(oursNs);
    bare.push(bareNs);
  }
  const callNs = call.length === 0 ? null : quick(call);
  return { name: lane.name, oursNs: quick(ours), bareNs: quick(bare), callNs };
}

/** Nanoseconds for one call. */
function timed(run: () => unknown, count: number): number {
  const start = process.hrtime.bigint();
  for (let call = 0; call < count; call += 1) run();
  return Number(process.hrtime.bigint() - start) / count;
}

/** The same where each call answers with a promise, which is waited for. */
async function timedOneByOne(lane: Lane, count: number): Promise<number> {
  const start = process.hrtime.bigint();
  for (let call = 0; call < count; call += 1) await lane.ours();
  return Number(process.hrtime.bigint() - start) / count;
}

/** The value below which a tenth of the rounds lies. */
function quick(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 10)] ?? 0;
}

function inNs(value: number): string {
  return `${Math.round(value)} ns`.padStart(11);
}

function asRatio(value: number): string {
  return value.toFixed(2).padStart(11);
}
