import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Quantiles } from './load-spec.js';
import { receiptIn, type Answer } from './response-reader.js';
import { ReceiptLog } from './receipts.js';

const LONGEST_US = 600_000_000;

const histogram = (): RecordableHistogram => createHistogram({ lowest: 1, highest: LONGEST_US, figures: 3 });

/** Counts answers and their latencies; those of the measured window apart from those of the warm-up. */
export class Tally {
  readonly receipts = new ReceiptLog();
  readonly byStatus: Record<string, number> = {};
  accepted = 0;
  duplicates = 0;
  /** Answers 2xx within the window. */
  answered = 0;
  isMeasuring = false;
  readonly #latency = histogram();
  readonly #service = histogram();
  readonly #lateness = histogram();

  /** @param isOfWindow whether its latency counts: in an open loop, whether it was meant to be sent within the window */
  note(
    answer: Answer,
    counter: number,
    { latencyMs, serviceMs, isOfWindow }: { latencyMs: number; serviceMs: number; isOfWindow: boolean },
  ) {
    const isGood = answer.status >= 200 && answer.status < 300;
    if (isOfWindow && isGood) {
      this.noteLatency(latencyMs);
      this.#service.record(inMicroseconds(serviceMs));
    }
    if (this.isMeasuring) this.byStatus[answer.status] = (this.byStatus[answer.status] ?? 0) + 1;
    if (!isGood) return;
    if (this.isMeasuring) this.answered += 1;
    const receipt = receiptIn(answer.body);
    if (receipt === null) return;
    this.receipts.add({ counter, ...receipt });
    if (!this.isMeasuring) return;
    if (receipt.isDuplicate) this.duplicates += 1;
    else this.accepted += 1;
  }

  noteLatency(latencyMs: number): void {
    this.#latency.record(inMicroseconds(latencyMs));
  }

  noteLateness(latenessMs: number): void {
    if (this.isMeasuring) this.#lateness.record(inMicroseconds(latenessMs));
  }

  get latency(): Quantiles {
    return quantilesOf(this.#latency);
  }

  get service(): Quantiles {
    return quantilesOf(this.#service);
  }

  get lateness(): Quantiles {
    return quantilesOf(this.#lateness);
  }
}

function inMicroseconds(milliseconds: number): number {
  return Math.min(LONGEST_US, Math.max(1, Math.round(milliseconds * 1_000)));
}

function quantilesOf(values: RecordableHistogram): Quantiles {
  if (values.count === 0) return { p50Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 };
  const at = (percentile: number) => values.percentile(percentile) / 1_000;
  return { p50Ms: at(50), p99Ms: at(99), p999Ms: at(99.9), maxMs: values.max / 1_000 };
}
