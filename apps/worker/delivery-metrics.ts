import { Counter, Histogram, type Registry } from '#metrics';

/** What is measured of deliveries. */
export class DeliveryMetrics {
  readonly #attempts: Counter;
  readonly #seconds: Histogram;

  constructor(registry: Registry) {
    this.#attempts = new Counter({
      name: 'callbox_delivery_attempts_total',
      help: 'Attempts to deliver, by the state they led to',
      labelNames: ['next'],
      registers: [registry],
    });
    this.#seconds = new Histogram({
      name: 'callbox_delivery_attempt_duration_seconds',
      help: 'From opening the connection to the last byte of the answer',
      buckets: [0.005, 0.025, 0.1, 0.25, 1, 2.5, 5, 15, 60],
      registers: [registry],
    });
  }

  attempted(next: string, durationMs: number): void {
    this.#attempts.inc({ next });
    this.#seconds.observe(durationMs / 1_000);
  }
}
