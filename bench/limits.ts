import { createHmac } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { BenchContext } from './bench-context.js';
import type { Target } from './load/load-spec.js';
import { median } from './measure.js';
import { mostOpenFiles, residentBytesOf } from './processes.js';
import { type Section, show, type Table } from './section.js';
import { type BenchedCallbox, type Restarted, startCallbox } from './servers.js';
import { ed25519Source, hmacSource } from './sources.js';
import { doubtsAbout, type Load, settle, takeTurn, type Turn } from './turn.js';

const MOST_ROUNDS = 2;
const COLD_STARTS = 3;
const BODY_SIZES = [2_048, 10_240, 51_200];
const STEADY_RATE = 2_000;
const IDLE_CONNECTIONS = 5_000;
const CRASH_SECONDS = 6;
/** Enough to go on at the steady rate while some of them are broken. */
const STEADY_CONNECTIONS = 128;

interface Step {
  readonly title: string;
  readonly target: Target;
  readonly bodyBytes: number;
  readonly turns: Turn[];
}

/** What does not fit the tables of the hot path: large bodies, slow signatures, idle connections, starts and crashes. */
export async function benchLimits(context: BenchContext): Promise<Section> {
  const { progress } = context;
  const callbox = await startCallbox();
  try {
    const target = await hmacSource(callbox, 'bench');
    progress(`${show.whole(IDLE_CONNECTIONS)} idle connections`);
    const idle = await measureIdle(callbox);
    const loads = await compareLoads(context, callbox, target);
    progress('crashes');
    const crashes = [
      await crash(context, callbox, target, 'SIGKILL'),
      await crash(context, callbox, target, 'kill PostgreSQL'),
    ];
    progress('cold starts');
    const coldStartsMs = await measureColdStarts(callbox, context.options.isQuick ? 1 : COLD_STARTS);
    progress('statements');
    const statements = await countStatements(context, callbox, target);
    const turns = loads.flatMap((step) => step.turns);
    return {
      tables: [loadsTable(loads), limitsTable(idle, coldStartsMs, statements), crashTable(crashes)],
      data: { loads, idle, crashes, coldStartsMs, statements },
      violations: [...turns, ...crashes.map(({ turn }) => turn)].flatMap(({ violations }) => violations),
      warnings: doubtsAbout(turns),
    };
  } finally {
    await callbox.stop();
  }
}

async function compareLoads(context: BenchContext, callbox: BenchedCallbox, target: Target): Promise<Step[]> {
  const { options, progress } = context;
  const ed25519 = await ed25519Source(callbox, 'ed25519');
  const steps: Step[] = [
    ...BODY_SIZES.map((bodyBytes) => ({
      title: `HMAC, ${bodyBytes / 1_024} KB`,
      target,
      bodyBytes,
      turns: [],
    })),
    { title: 'Ed25519, 2 KB', target: ed25519, bodyBytes: 2_048, turns: [] },
  ];
  for (let round = 0; round <= Math.min(options.rounds, MOST_ROUNDS); round += 1) {
    for (const step of steps) {
      await settle();
      const turn = await takeTurn(context.generator, callbox, {
        targets: [step.target],
        bodyBytes: step.bodyBytes,
        connections: options.connections,
        warmUpSeconds: 1,
        seconds: options.seconds,
        duplicates: 'none',
      });
      // The first round is that of a process that has just been started.
      if (round > 0) step.turns.push(turn);
      progress(`${step.title}: ${show.whole(turn.result.perSecond)}/s`);
    }
  }
  return steps;
}

interface Idle {
  readonly connections: number;
  readonly beforeBytes: number | null;
  readonly withBytes: number | null;
}

/** Connections that have had one answer and are kept for the next, as senders' connection pools do. */
async function measureIdle({ pid, url }: BenchedCallbox): Promise<Idle> {
  const { hostname, port } = new URL(url);
  const beforeBytes = residentBytesOf(pid);
  const count = Math.min(IDLE_CONNECTIONS, mostOpenFiles() - 200);
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(200, count - sockets.length) }, () =>
      connect(Number(port), hostname),
    );
    await Promise.all(batch.map(askOnce));
    sockets.push(...batch);
  }
  await sleep(1_000);
  const withBytes = residentBytesOf(pid);
  for (const socket of sockets) socket.destroy();
  return { connections: count, beforeBytes, withBytes };
}

function askOnce(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('data', () => resolve()).once('error', reject);
    socket.write('GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n');
  });
}

/** Milliseconds from the start of the process, with its PostgreSQL, to the first callback that is accepted. */
async function measureColdStarts(callbox: BenchedCallbox, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < count; round += 1) {
    const { readyMs } = await callbox.restart('SIGTERM');
    const readyAt = performance.now();
    const body = '{"event":"bench"}';
    const signature = createHmac('sha256', callbox.secret).update(body).digest('hex');
    const answer = await request(callbox.sourceUrl, {
      method: 'POST',
      headers: { 'callbox-signature': signature },
      body,
    });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`the first callback was answered ${answer.statusCode}`);
    times.push(readyMs + performance.now() - readyAt);
  }
  return times;
}

interface Crash {
  readonly victim: string;
  readonly restarted: Restarted;
  readonly turn: Turn;
}

/** Kills it amid steady traffic and starts it again; whatever was answered 200 must be there afterwards. */
async function crash(
  { generator }: BenchContext,
  callbox: BenchedCallbox,
  target: Target,
  how: 'SIGKILL' | 'kill PostgreSQL',
): Promise<Crash> {
  await callbox.reset();
  const running = takeTurn(generator, callbox, steadyLoad(target, CRASH_SECONDS), { keepsEvents: true });
  await sleep(2_000);
  const restarted = await callbox.restart(how);
  return { victim: how === 'SIGKILL' ? 'Callbox' : 'PostgreSQL', restarted, turn: await running };
}

interface Statements {
  readonly perEvent: number;
  readonly perSecond: number;
}

/** Statements per event at the steady rate, counted by PostgreSQL: of the inbox, and of the worker beside it. */
async function countStatements(
  { generator }: BenchContext,
  callbox: BenchedCallbox,
  target: Target,
): Promise<Statements | null> {
  await callbox.pool.query(`alter system set shared_preload_libraries = 'pg_stat_statements'`);
  await callbox.restart('SIGTERM');
  const hasIt = await callbox.pool.query('create extension if not exists pg_stat_statements').then(
    () => true,
    () => false,
  );
  if (!hasIt) return null;
  await callbox.reset();
  await callbox.pool.query('select pg_stat_statements_reset()');
  const before = performance.now();
  const turn = await takeTurn(generator, callbox, steadyLoad(target, 3), { keepsEvents: true });
  const seconds = (performance.now() - before) / 1_000;
  const { rows } = await callbox.pool.query<{ calls: string }>(
    'select sum(calls) as calls from pg_stat_statements',
  );
  const calls = Number(rows[0]?.calls);
  return { perEvent: calls / turn.compared, perSecond: calls / seconds };
}

function steadyLoad(target: Target, seconds: number): Load {
  return {
    targets: [target],
    bodyBytes: 1_024,
    connections: STEADY_CONNECTIONS,
    ratePerSecond: STEADY_RATE,
    warmUpSeconds: 1,
    seconds,
    duplicates: 'none',
  };
}

function loadsTable(steps: readonly Step[]): Table {
  const rate = ({ turns }: Step) => median(turns.map(({ result }) => result.perSecond));
  const [small] = steps;
  return {
    title: 'Large bodies and slow signatures, Callbox',
    columns: ['', 'per second', 'of HMAC, 2 KB', 'MB/s'],
    rows: steps.map((step) => [
      step.title,
      show.whole(rate(step)),
      show.fixed(small === undefined ? null : rate(step) / rate(small)),
      show.fixed((rate(step) * step.bodyBytes) / 1e6, 1),
    ]),
  };
}

function limitsTable(
  { connections, beforeBytes, withBytes }: Idle,
  startsMs: readonly number[],
  statements: Statements | null,
): Table {
  const each =
    beforeBytes === null || withBytes === null ? null : (withBytes - beforeBytes) / connections / 1_024;
  return {
    title: 'At rest, at the start, and of the database',
    columns: ['', ''],
    rows: [
      [`memory with ${show.whole(connections)} idle connections`, show.mebibytes(withBytes)],
      ['memory before, just started', show.mebibytes(beforeBytes)],
      ['each connection', `${show.fixed(each, 1)} KiB`],
      ['start to first accepted callback, PostgreSQL included', `${show.whole(median(startsMs))} ms`],
      [`SQL statements per event at ${show.whole(STEADY_RATE)}/s`, show.fixed(statements?.perEvent ?? null)],
    ],
    notes: [
      'statements as pg_stat_statements counts them, begin and commit and the looks of an idle worker included',
    ],
  };
}

function crashTable(crashes: readonly Crash[]): Table {
  return {
    title: `kill -9 amid ${show.whole(STEADY_RATE)} callbacks a second`,
    columns: [
      'killed',
      'answered 200',
      'of them missing or doubled',
      'unanswered',
      'down ms',
      'ready again after ms',
    ],
    rows: crashes.map(({ victim, restarted, turn }) => [
      victim,
      show.whole(turn.compared),
      turn.violations.length === 0 ? '0' : turn.violations.join('; '),
      show.whole(turn.result.totalUnanswered),
      show.whole(restarted.endedMs),
      show.whole(restarted.readyMs),
    ]),
    notes: ['unanswered: the connection broke before the answer, so their senders send them again'],
  };
}
