import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Connection, type ConnectionEvents } from './connection.js';
import { eventCounter } from './event-counters.js';
import type { LoadResult, LoadSpec } from './load-spec.js';
import type { Pace } from './pacer.js';
import { type PreparedRequest, prepareRequests, writeCounter } from './prepared-requests.js';
import type { Answer } from './response-reader.js';
import { Tally } from './tally.js';

const DRAIN_MS = 10_000;
const CONNECT_MS = 10_000;
const CONNECT_AT_ONCE = 250;
const SHORTEST_TICK_MS = 0.25;
/** Between "ready" and the first request, for the pacer's thread to start. */
const LEAD_MS = 150;

/** Sends what the spec says and counts what comes back. `onWindow` is told when the measured window begins and ends. */
export async function runLoad(
  spec: LoadSpec,
  onWindow: (edge: 'begin' | 'end') => void,
): Promise<LoadResult> {
  const run = new Run(spec);
  try {
    return await run.result(onWindow);
  } finally {
    run.close();
  }
}

class Run implements ConnectionEvents {
  readonly #pool: PreparedRequest[];
  readonly #tally = new Tally();
  readonly #connections: Connection[] = [];
  readonly #free: Connection[] = [];
  readonly #intervalMs: number | null;
  #nextSlot = 0;
  #sent = 0;
  #answered = 0;
  /** Requests whose connection ended before their answer. */
  #lost = 0;
  #isSending = false;
  #startMs = 0;
  #windowStartMs = 0;
  #windowEndMs = Infinity;
  /** When there was last none free: what waited for a connection was not sent late by us. */
  #lastFullMs = 0;

  constructor(private readonly spec: LoadSpec) {
    this.#pool = prepareRequests(spec);
    this.#intervalMs = spec.ratePerSecond === undefined ? null : 1_000 / spec.ratePerSecond;
  }

  async result(onWindow: (edge: 'begin' | 'end') => void): Promise<LoadResult> {
    await this.connect();
    const { warmUpSeconds, seconds } = this.spec;
    this.#startMs = performance.now() + LEAD_MS;
    this.#windowStartMs = this.#startMs + warmUpSeconds * 1_000;
    this.#windowEndMs = this.#windowStartMs + seconds * 1_000;
    const stopPacer = this.#intervalMs === null ? null : this.startPacer(this.#intervalMs);
    await sleep(this.#startMs - performance.now());
    this.#isSending = true;
    this.pump();
    await sleep(this.#windowStartMs - performance.now());
    onWindow('begin');
    const [cpu, loop, beganMs] = [process.cpuUsage(), performance.eventLoopUtilization(), performance.now()];
    this.#tally.isMeasuring = true;
    await sleep(this.#windowEndMs - performance.now());
    this.#tally.isMeasuring = false;
    this.#isSending = false;
    const measured = (performance.now() - beganMs) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const { utilization } = performance.eventLoopUtilization(loop);
    onWindow('end');
    stopPacer?.();
    const unsent = this.noteUnsent();
    await until(() => this.#answered + this.#lost >= this.#sent, DRAIN_MS).catch(() => undefined);
    this.#tally.receipts.save(this.spec.receiptsFile);
    return {
      seconds: measured,
      accepted: this.#tally.accepted,
      duplicates: this.#tally.duplicates,
      byStatus: this.#tally.byStatus,
      perSecond: this.#tally.answered / measured,
      latency: this.#tally.latency,
      service: this.#tally.service,
      lateness: this.#tally.lateness,
      totalSent: this.#sent,
      totalUnanswered: this.#sent - this.#answered,
      totalUnsent: unsent,
      totalLost: this.#lost,
      cpuSeconds: (user + system) / 1e6,
      busyShare: utilization,
    };
  }

  /** In batches, none larger than what a server lets wait. */
  private async connect(): Promise<void> {
    const { hostname, port } = new URL(this.spec.targets[0]?.url ?? '');
    while (this.#connections.length < this.spec.connections) {
      const count = Math.min(CONNECT_AT_ONCE, this.spec.connections - this.#connections.length);
      for (let made = 0; made < count; made += 1)
        this.#connections.push(new Connection({ host: hostname, port: Number(port) }, this));
      await until(
        () => this.#free.length === this.#connections.length,
        CONNECT_MS,
        'not all connections were made',
      );
    }
  }

  onAnswer(connection: Connection, answer: Answer): void {
    const nowMs = performance.now();
    const { counter, sinceMs, sentMs } = connection;
    const isOfWindow =
      this.#intervalMs === null
        ? this.#tally.isMeasuring
        : sinceMs >= this.#windowStartMs && sinceMs < this.#windowEndMs;
    this.#answered += 1;
    this.#tally.note(answer, counter, {
      latencyMs: nowMs - sinceMs,
      serviceMs: nowMs - sentMs,
      isOfWindow,
    });
    this.release(connection);
    if (connection.isFree) this.take(connection);
  }

  onLost(connection: Connection): void {
    if (connection.slot >= 0) this.#lost += 1;
    this.release(connection);
    const at = this.#free.indexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
  }

  onReady(connection: Connection): void {
    this.take(connection);
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  private release(connection: Connection): void {
    const request = this.#pool[connection.slot];
    if (request !== undefined) request.isUnderWay = false;
    connection.slot = -1;
  }

  /** A connection that has nothing to do sends what is due, or waits for it. */
  private take(connection: Connection): void {
    if (this.#isSending && this.#intervalMs === null) {
      const nowMs = performance.now();
      return this.send(connection, { sinceMs: nowMs, nowMs });
    }
    this.#free.push(connection);
    if (this.#isSending) this.pump();
  }

  /** Sends what is due, as long as connections are free. */
  private pump(): void {
    if (!this.#isSending) return;
    const nowMs = performance.now();
    if (this.#intervalMs === null) {
      for (const connection of this.#free.splice(0)) this.send(connection, { sinceMs: nowMs, nowMs });
      return;
    }
    const due = this.dueAt(nowMs, this.#intervalMs);
    while (this.#sent < due) {
      const connection = this.#free.pop();
      if (connection === undefined) {
        this.#lastFullMs = nowMs;
        return;
      }
      const intendedMs = this.#startMs + this.#sent * this.#intervalMs;
      if (intendedMs > this.#lastFullMs) this.#tally.noteLateness(nowMs - intendedMs);
      this.send(connection, { sinceMs: intendedMs, nowMs });
    }
  }

  private dueAt(nowMs: number, intervalMs: number): number {
    return Math.floor((Math.min(nowMs, this.#windowEndMs) - this.#startMs) / intervalMs) + 1;
  }

  private send(connection: Connection, { sinceMs, nowMs }: { sinceMs: number; nowMs: number }): void {
    let request: PreparedRequest | undefined;
    do {
      this.#nextSlot = (this.#nextSlot + 1) % this.#pool.length;
      request = this.#pool[this.#nextSlot];
    } while (request === undefined || request.isUnderWay);
    const counter = eventCounter(this.spec.duplicates, this.#sent);
    writeCounter(request, counter);
    request.isUnderWay = true;
    connection.slot = this.#nextSlot;
    connection.counter = counter;
    connection.sinceMs = sinceMs;
    connection.sentMs = nowMs;
    this.#sent += 1;
    connection.send(request.bytes);
  }

  private startPacer(intervalMs: number): () => void {
    const stop = new SharedArrayBuffer(4);
    const leadNs = BigInt(Math.round((this.#startMs - performance.now()) * 1e6));
    const workerData: Pace = {
      startNs: process.hrtime.bigint() + leadNs,
      intervalMs: Math.max(SHORTEST_TICK_MS, intervalMs),
      stop,
    };
    const pacer = new Worker(new URL('./pacer.js', import.meta.url), { workerData });
    pacer.on('message', () => this.pump());
    return () => {
      Atomics.store(new Int32Array(stop), 0, 1);
      Atomics.notify(new Int32Array(stop), 0);
    };
  }

  /** What was due and never sent has waited at least until now: leaving it out would flatter the latencies. */
  private noteUnsent(): number {
    if (this.#intervalMs === null) return 0;
    const due = this.dueAt(this.#windowEndMs, this.#intervalMs) - 1;
    for (let index = this.#sent; index < due; index += 1) {
      const intendedMs = this.#startMs + index * this.#intervalMs;
      if (intendedMs >= this.#windowStartMs) this.#tally.noteLatency(this.#windowEndMs - intendedMs);
    }
    return Math.max(0, due - this.#sent);
  }
}

async function until(condition: () => boolean, withinMs: number, complaint = 'too slow'): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(complaint);
    await sleep(5);
  }
}
