import { toUlid } from '#contract';
import type { Logger } from '#logging';
import { Counter, Histogram, type Registry } from '#metrics';
import type { Outcome } from './receive.js';

const MESSAGE = 'callback.received';

interface Exchange {
  readonly requestId: string;
  readonly method: string;
  /** `null` when the sender had gone before it could be answered. */
  readonly status: number | null;
  readonly durationMs: number;
}

/** Tells the log and the metrics of each callback: one wide line, without URLs, headers or bodies. */
export class CallbackReport {
  readonly #received: Counter;
  readonly #seconds: Histogram;

  /** For lines made of known facts only; looking through each for what to redact would cost as much as writing it. */
  readonly #facts: Logger;

  constructor(
    private readonly logger: Logger,
    metrics: Registry,
  ) {
    this.#facts = logger.child({}, { redact: [] });
    this.#received = new Counter({
      name: 'callbox_callbacks_total',
      help: 'Callbacks received, by provider and outcome',
      labelNames: ['provider', 'outcome'],
      registers: [metrics],
    });
    this.#seconds = new Histogram({
      name: 'callbox_callback_duration_seconds',
      help: 'From the headers of a callback to its answer',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers: [metrics],
    });
  }

  write(outcome: Outcome, { requestId, method, status, durationMs }: Exchange): void {
    const source = 'source' in outcome ? outcome.source : null;
    this.#received.inc({ provider: source?.preset.id ?? 'none', outcome: outcome.kind });
    this.#seconds.observe(durationMs / 1_000);
    const line = {
      request_id: requestId,
      outcome: outcome.kind,
      ...(outcome.kind === 'rejected' ? { reason: outcome.reason } : {}),
      ...(source === null
        ? {}
        : { tenant_id: toUlid(source.tenantId), source: source.slug, provider: source.preset.id }),
      ...('eventId' in outcome ? { event_id: toUlid(outcome.eventId) } : {}),
      method,
      status,
      duration_ms: Math.round(durationMs * 10) / 10,
    };
    if (outcome.kind === 'unavailable') this.logger.error({ ...line, ...cause(outcome.error) }, MESSAGE);
    else this.#facts.info(line, MESSAGE);
  }
}

/** PostgreSQL's errors may quote the row, so of those only the code is told; any other is ours and told in full. */
function cause(error: unknown): object {
  if (error === undefined) return {};
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? { error_code: code } : { error };
}
