import { Counter, Histogram, type Registry } from '#metrics';

/** What attempts can do to their destination. */
export type DestinationChange = 'circuit_opened' | 'circuit_closed' | 'failing' | 'paused';

/** What is measured of deliveries. */
export class DeliveryMetrics {
  readonly #attempts: Counter;
  readonly #seconds: Histogram;
  readonly #changes: Counter;

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
    this.#changes = new Counter({
      name: 'callbox_destination_changes_total',
      help: 'What attempts did to their destination: circuit opened or closed, warned of as failing, paused',
      labelNames: ['change', 'reason'],
      registers: [registry],
    });
  }

  destinationChanged(change: DestinationChange, reason: string | null): void {
    this.#changes.inc({ change, reason: reason ?? '' });
  }

  attempted(next: string, durationMs: number): void {
    this.#attempts.inc({ next });
    this.#seconds.observe(durationMs / 1_000);
  }
}
