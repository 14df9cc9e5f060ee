import { type ChildProcess, fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { ReceiverReport } from './deliveries-receiver.js';
import { processorTime } from './processor-time.js';
import { type BenchedCallbox, startCallbox } from './servers.js';

const EVENTS = 12_000;
const AT_ONCE = 64;
const IN_FLIGHT = 100;
const BODY = JSON.stringify({ event: 'bench', padding: 'x'.repeat(960) });
const LATENCY_PER_SECOND = 200;
const LATENCY_SECONDS = 8;
const DESTINATIONS = 1_000;
const HANGING_SHARE = 0.01;
const FAIR_EVENTS = 10;

/** What the parts of this benchmark share. */
interface Scene {
  readonly callbox: BenchedCallbox;
  readonly receiver: BenchReceiver;
  readonly agent: Agent;
}

/**
 * B15 deliveries a second to a local app, attempts recorded, beside a bare loop of requests; B16 from the commit of a lone
 * callback to its first attempt; B17 what a hundredth of the destinations that hang does to the others.
 */
export async function benchDeliveries(): Promise<void> {
  const receiver = await BenchReceiver.start();
  const callbox = await startCallbox();
  const scene: Scene = { callbox, receiver, agent: new Agent({ connections: AT_ONCE }) };
  try {
    await bareLoop(scene);
    await throughput(scene, 1);
    await throughput(scene, 20);
    await latency(scene);
    await fairness(scene);
  } finally {
    await callbox.stop();
    receiver.stop();
    await scene.agent.close();
  }
}

/** The floor: the same requests, to the same receiver, with nothing around them. */
async function bareLoop({ receiver, agent }: Scene): Promise<void> {
  const total = 10_000;
  const startedAt = performance.now();
  const startedCpu = process.cpuUsage();
  await together(total, IN_FLIGHT, () => post(agent, `${receiver.url}/bare`));
  const { user, system } = process.cpuUsage(startedCpu);
  const perSecond = Math.round(total / ((performance.now() - startedAt) / 1_000));
  console.log(`bare undici loop: ${perSecond}/s, ${Math.round((user + system) / total)} µs each`);
  await receiver.reset();
}

/** A backlog, held and then released, to `count` destinations. */
async function throughput(scene: Scene, count: number): Promise<void> {
  const { callbox, receiver } = scene;
  const ids = await makeDestinations(scene, count, () => ({ max_in_flight: IN_FLIGHT }));
  await callbox.call('PATCH', '/v1/sources/default', { status: 'paused' });
  const events = Math.ceil(EVENTS / count);
  await together(events, AT_ONCE, () => postEvent(scene));
  const total = events * count;
  await until(async () => (await countOf(callbox, ids[0] ?? '', 'held')) >= Math.min(events, 250));
  const before = processorTime([receiver.pid]);
  await callbox.call('PATCH', '/v1/sources/default', { status: 'active' });
  // What was held is released within two seconds; it is not the release that is measured.
  await until(async () => (await receiver.count()) > 0);
  const startedAt = performance.now();
  await until(async () => (await receiver.count()) >= total);
  await until(async () => (await countOf(callbox, ids[0] ?? '', 'pending')) === 0);
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = processorTime([receiver.pid]);
  const each = (ms: number): number => Math.round((ms * 1_000) / total);
  console.log(
    `B15 to ${count} destination${count === 1 ? '' : 's'}: ${Math.round(total / seconds)}/s, µs of processor time each:` +
      ` node ${each(after.nodeMs - before.nodeMs)}, postgres ${each(after.postgresMs - before.postgresMs)}`,
  );
  await remove(scene, ids);
}

/** Lone callbacks at a steady rate, from their answer, which follows the commit, to their arrival. */
async function latency(scene: Scene): Promise<void> {
  const ids = await makeDestinations(scene, 1, () => ({}));
  const measured = await delaysAtRate(scene, LATENCY_PER_SECOND, LATENCY_SECONDS, () => undefined);
  console.log(`B16 commit to first attempt at ${LATENCY_PER_SECOND}/s: ${percentiles(measured)}`);
  await remove(scene, ids);
}

/** A thousand destinations with a type of event each, first all well, then a hundredth of them without answers. */
async function fairness(scene: Scene): Promise<void> {
  const { callbox } = scene;
  const source = await callbox.call<{ ingest_url: string }>('POST', '/v1/sources', {
    slug: 'fair',
    provider: 'runflow',
  });
  const { plain_secret: secret } = await callbox.call<{ plain_secret: string }>(
    'POST',
    '/v1/callback-secrets',
    { label: 'fair', source: 'fair' },
  );
  const ids = await makeDestinations(scene, DESTINATIONS, (index) => ({
    types: [`fair.${index}`],
    timeout_seconds: 60,
  }));
  const hanging = ids.slice(0, DESTINATIONS * HANGING_SHARE);
  let turn = 0;
  const event = () => {
    const body = JSON.stringify({ event: `fair.${(turn += 1) % DESTINATIONS}`, run_id: `run_${turn}` });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    return { url: source.ingest_url, body, headers: { 'runflow-signature': signature } };
  };
  const seconds = (DESTINATIONS * FAIR_EVENTS) / LATENCY_PER_SECOND / 5;
  const well = await delaysAtRate(scene, LATENCY_PER_SECOND, seconds, event);
  for (const id of hanging)
    await callbox.call('PATCH', `/v1/destinations/${id}`, { url: `${scene.receiver.url}/hang` });
  const hung = await delaysAtRate(scene, LATENCY_PER_SECOND, seconds, event);
  console.log(`B17 all well: ${percentiles(well)}`);
  console.log(
    `B17 ${hanging.length} of ${DESTINATIONS} hang, the others: ${percentiles(hung)}, p95 × ${(percentile(hung, 0.95) / percentile(well, 0.95)).toFixed(2)}`,
  );
  await remove(scene, ids);
}

interface Sent {
  readonly url: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** Sends callbacks evenly spaced; milliseconds from each one's answer to its arrival, of those that arrived. */
async function delaysAtRate(
  scene: Scene,
  perSecond: number,
  seconds: number,
  next: () => Sent | undefined,
): Promise<number[]> {
  await scene.receiver.reset();
  const answeredAt = new Map<string, number>();
  const startedAt = performance.now();
  const sending: Promise<void>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const waitMs = startedAt + (index * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    sending.push(
      postEvent(scene, next()).then((id) => {
        answeredAt.set(id, performance.timeOrigin + performance.now());
      }),
    );
  }
  await Promise.all(sending);
  await sleep(1_000);
  const { arrivals } = await scene.receiver.report();
  return arrivals.flatMap(([id, atMs]) => {
    const sinceMs = answeredAt.get(id);
    return sinceMs === undefined ? [] : [Math.max(0, atMs - sinceMs)];
  });
}

async function makeDestinations(
  { callbox, receiver }: Scene,
  count: number,
  settingsOf: (index: number) => object,
): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { id } = await callbox.call<{ id: string }>('POST', '/v1/destinations', {
      name: `app ${index}`,
      url: `${receiver.url}/${index}`,
      ...settingsOf(index),
    });
    ids.push(id);
  }
  return ids;
}

async function remove({ callbox, receiver, agent }: Scene, ids: readonly string[]): Promise<void> {
  for (const id of ids)
    await request(`${callbox.url}/v1/destinations/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${API_KEY}` },
      dispatcher: agent,
    }).then(({ body }) => body.dump());
  await receiver.reset();
}

const API_KEY = 'bench-key-of-this-run';

async function countOf(callbox: BenchedCallbox, destinationId: string, status: string): Promise<number> {
  const { data } = await callbox.call<{ data: object[] }>(
    'GET',
    `/v1/deliveries?destination=${destinationId}&status=${status}&limit=250`,
  );
  return data.length;
}

async function postEvent({ callbox, agent }: Scene, event?: Sent): Promise<string> {
  const sent = event ?? {
    url: callbox.sourceUrl,
    body: BODY,
    headers: { 'callbox-signature': createHmac('sha256', callbox.secret).update(BODY).digest('hex') },
  };
  const answer = await request(sent.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...sent.headers },
    body: sent.body,
    dispatcher: agent,
  });
  const { id } = (await answer.body.json()) as { id?: string };
  if (answer.statusCode !== 200 || id === undefined) throw new Error(`not accepted: ${answer.statusCode}`);
  return id;
}

async function post(dispatcher: Agent, url: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await (await request(url, { method: 'POST', headers, body: BODY, dispatcher })).body.dump();
}

/** Does `work` `total` times, `atOnce` at a time. */
async function together(total: number, atOnce: number, work: () => Promise<unknown>): Promise<void> {
  let begun = 0;
  const lane = async (): Promise<void> => {
    for (; begun < total;) {
      begun += 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(20);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function percentiles(values: readonly number[]): string {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(values, share).toFixed(1));
  return `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms (${values.length})`;
}

/** The app that receives, in a process of its own. */
class BenchReceiver {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(): Promise<BenchReceiver> {
    const child = fork(fileURLToPath(new URL('./deliveries-receiver.js', import.meta.url)));
    const [{ port }] = (await once(child)) as [{ port: number }];
    return new BenchReceiver(child, `http://127.0.0.1:${port}`);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  report(): Promise<ReceiverReport> {
    return this.ask('report');
  }

  async count(): Promise<number> {
    return (await this.ask('count')).count;
  }

  reset(): Promise<ReceiverReport> {
    return this.ask('reset');
  }

  stop(): void {
    this.child.disconnect();
  }

  private async ask(question: string): Promise<ReceiverReport> {
    const answer = once(this.child);
    this.child.send(question);
    const [report] = (await answer) as [ReceiverReport];
    return report;
  }
}

function once(child: ChildProcess): Promise<unknown[]> {
  return new Promise((resolve) => child.once('message', (message) => resolve([message])));
}
