import { type ChildProcess, fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { ReceiverReport } from './deliveries-receiver.js';
import { seedEventsOf } from './seed-events.js';
import { type BenchedCallbox, startCallbox } from './servers.js';

const EVENTS = 100_000;
const MANY_EVENTS = 1_000_000;
const DAYS = 6;
const LIVE_PER_SECOND = 200;
const BEFORE_SECONDS = 4;
const DRAIN_SECONDS = 8;
const LOOK_EVERY_MS = 20;
const BODY = JSON.stringify({ event: 'bench', padding: 'x'.repeat(960) });

interface Order {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly pending: number;
}

/** What the parts of this benchmark share. */
interface Scene {
  readonly callbox: BenchedCallbox;
  readonly receiver: ChildProcess;
  readonly agent: Agent;
}

/**
 * B18 from the order to redeliver 100,000 events (`--large`: a million) until it is answered, and until every event of it
 * stands in the queue; B19 deliveries a second of it, and what live callbacks notice of them.
 */
export async function benchRedeliveries(): Promise<void> {
  const count = process.argv.includes('--large') ? MANY_EVENTS : EVENTS;
  const receiver = fork(fileURLToPath(new URL('./deliveries-receiver.js', import.meta.url)));
  const [{ port }] = (await answerOf(receiver)) as [{ port: number }];
  const callbox = await startCallbox();
  const agent = new Agent({ connections: 64 });
  const scene = { callbox, receiver, agent };
  try {
    await seed(callbox, count);
    await callbox.call('POST', '/v1/destinations', {
      name: 'app',
      url: `http://127.0.0.1:${port}/`,
      max_in_flight: 100,
    });
    // The first order warms up what a process that has been running for a while has warm.
    await callbox.call('POST', '/v1/redeliveries', { filter: { type: 'none' } });
    await dryRun(scene, count);
    const quiet = await live(scene, BEFORE_SECONDS);
    const order = await enqueue(scene, count);
    await drain(scene, order, quiet);
  } finally {
    await callbox.stop();
    receiver.disconnect();
    await agent.close();
  }
}

async function seed(callbox: BenchedCallbox, count: number): Promise<void> {
  const { pool } = callbox;
  const { rows } = await pool.query<{ tenant_id: string; id: string }>(
    `select tenant_id, id from sources where slug = 'default' limit 1`,
  );
  const [source] = rows;
  if (source === undefined) throw new Error('there is no source');
  await seedEventsOf(pool, { tenantId: source.tenant_id, sourceId: source.id }, { count, days: DAYS });
}

async function dryRun({ callbox }: Scene, count: number): Promise<void> {
  for (const filter of [{}, { type: 'run.failed' }, { delivery_status: 'never' }]) {
    const startedAt = performance.now();
    const answer = await callbox.call('POST', '/v1/redeliveries', { filter, dry_run: true });
    console.log(
      `dry run over ${count} by ${JSON.stringify(filter)}: ${seconds(startedAt)} s, ${JSON.stringify(answer)}`,
    );
  }
}

async function enqueue({ callbox }: Scene, count: number): Promise<Order> {
  const before = residentMiB(callbox.pid);
  const startedAt = performance.now();
  const order = await callbox.call<Order>('POST', '/v1/redeliveries', { filter: {} });
  const answeredAfter = seconds(startedAt);
  let highest = residentMiB(callbox.pid);
  let now = order;
  for (; now.status === 'expanding'; now = await callbox.call<Order>('GET', `/v1/redeliveries/${order.id}`)) {
    await sleep(LOOK_EVERY_MS);
    highest = Math.max(highest, residentMiB(callbox.pid));
  }
  console.log(
    `B18 ${count} events: answered after ${answeredAfter} s with total ${order.total} (${order.status}), all ${now.total} in the queue` +
      ` after ${seconds(startedAt)} s; resident memory ${before} MiB before, ${highest} MiB at most`,
  );
  return now;
}

async function drain(scene: Scene, { id }: Order, quiet: Live): Promise<void> {
  const { callbox } = scene;
  const startedAt = performance.now();
  const busy = await live(scene, DRAIN_SECONDS);
  const { count } = await ask(scene.receiver, 'report');
  const perSecond = Math.round(count / ((performance.now() - startedAt) / 1_000));
  console.log(
    `B19 drained ${perSecond}/s; resident memory ${residentMiB(callbox.pid)} MiB\n` +
      `B19 live callbacks at ${LIVE_PER_SECOND}/s, answered: before ${percentiles(quiet.answers)}\n` +
      `                                      meanwhile ${percentiles(busy.answers)}, p99 × ${ratio(busy.answers, quiet.answers)}\n` +
      `B19 live events, answer to arrival:   before ${percentiles(quiet.arrivals)}\n` +
      `                                      meanwhile ${percentiles(busy.arrivals)} of ${busy.answers.length}`,
  );
  const cancelledAt = performance.now();
  const cancelled = await callbox.call<object>('POST', `/v1/redeliveries/${id}/cancel`);
  const { deliveries: _deliveries, ...counts } = cancelled as { deliveries: object };
  console.log(`cancelled in ${seconds(cancelledAt)} s: ${JSON.stringify(counts)}`);
}

/** Milliseconds of live callbacks: until their answers, and from there until they arrive, as far as they have. */
interface Live {
  readonly answers: readonly number[];
  readonly arrivals: readonly number[];
}

async function live(scene: Scene, forSeconds: number): Promise<Live> {
  await ask(scene.receiver, 'reset');
  const answeredAt = new Map<string, number>();
  const answers: number[] = [];
  const startedAt = performance.now();
  const sending: Promise<void>[] = [];
  for (let index = 0; index < LIVE_PER_SECOND * forSeconds; index += 1) {
    const waitMs = startedAt + (index * 1_000) / LIVE_PER_SECOND - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const sentAt = performance.now();
    sending.push(
      post(scene).then((id) => {
        answers.push(performance.now() - sentAt);
        answeredAt.set(id, performance.timeOrigin + performance.now());
      }),
    );
  }
  await Promise.all(sending);
  await sleep(1_000);
  const { arrivals } = await ask(scene.receiver, 'report');
  return {
    answers,
    arrivals: arrivals.flatMap(([id, atMs]) => {
      const sinceMs = answeredAt.get(id);
      return sinceMs === undefined ? [] : [Math.max(0, atMs - sinceMs)];
    }),
  };
}

async function post({ callbox, agent }: Scene): Promise<string> {
  const answer = await request(callbox.sourceUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'callbox-signature': createHmac('sha256', callbox.secret).update(BODY).digest('hex'),
    },
    body: BODY,
    dispatcher: agent,
  });
  const { id } = (await answer.body.json()) as { id?: string };
  if (answer.statusCode !== 200 || id === undefined) throw new Error(`not accepted: ${answer.statusCode}`);
  return id;
}

/** Of the server's own process; 0 where there is no /proc. */
function residentMiB(pid: number): number {
  try {
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kib) / 1_024);
  } catch {
    return 0;
  }
}

const seconds = (sinceMs: number): string => ((performance.now() - sinceMs) / 1_000).toFixed(2);

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function percentiles(values: readonly number[]): string {
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(values, share).toFixed(1));
  return `p50 ${p50} ms, p99 ${p99} ms (${values.length})`;
}

const ratio = (values: readonly number[], base: readonly number[]): string =>
  (percentile(values, 0.99) / percentile(base, 0.99)).toFixed(2);

async function ask(receiver: ChildProcess, question: 'report' | 'reset'): Promise<ReceiverReport> {
  const answer = answerOf(receiver);
  receiver.send(question);
  const [report] = (await answer) as [ReceiverReport];
  return report;
}

function answerOf(child: ChildProcess): Promise<unknown[]> {
  return new Promise((resolve) => child.once('message', (message) => resolve([message])));
}
