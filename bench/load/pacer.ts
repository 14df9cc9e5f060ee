import { parentPort, workerData } from 'node:worker_threads';

/** What the pacer is told: when to begin, how often to wake the generator, and a cell that ends it when it is not 0. */
export interface Pace {
  /** As `process.hrtime.bigint()`, which all threads share. */
  readonly startNs: bigint;
  readonly intervalMs: number;
  readonly stop: SharedArrayBuffer;
}

// Timers of the event loop know whole milliseconds only, and spinning would take a core that the server needs. A thread
// that sleeps on a cell wakes within some 60 µs.
const { startNs, intervalMs, stop } = workerData as Pace;
const cell = new Int32Array(stop);
const nowMs = (): number => Number(process.hrtime.bigint() - startNs) / 1e6;
let nextMs = 0;
while (Atomics.load(cell, 0) === 0) {
  const waitMs = nextMs - nowMs();
  if (waitMs > 0) Atomics.wait(cell, 0, 0, waitMs);
  parentPort?.postMessage(0);
  nextMs = Math.max(nextMs + intervalMs, nowMs());
}
