import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { toUlid } from '#contract';
import { LOGGER, type Logger } from '#logging';
import { Counter, Histogram, METRICS, type Registry } from '#metrics';
import type { LiveSource } from '#sources';
import type { Outcome } from './receive.js';

const MESSAGE = 'callback.received';
const SUM_UP_EVERY_MS = 1_000;

/** Outcomes of which there may be so many that a line for each would cost more than they do. */
type TurnedAway = 'overloaded' | 'rate_limited';

interface Exchange {
  readonly requestId: string;
  readonly method: string;
  /** `null` when the sender had gone before it could be answered. */
  readonly status: number | null;
  readonly durationMs: number;
}

/** Tells the log and the metrics of each callback: one wide line, without URLs, headers or bodies. */
@Injectable()
export class CallbackReport implements OnApplicationShutdown {
  readonly #received: Counter;
  readonly #seconds: Histogram;
  /** Counts of one provider and outcome, found once. */
  readonly #counts = new Map<string, Counter.Internal>();
  /** For lines made of known facts only; looking through each for what to redact would cost as much as writing it. */
  readonly #facts: Logger;
  /** Per source, with what is the same in all of its lines written already. */
  readonly #factsOf = new WeakMap<LiveSource, Logger>();

  #unwritten: [Outcome, Exchange][] = [];
  readonly #turnedAway = { overloaded: 0, rate_limited: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METRICS) metrics: Registry,
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

  onApplicationShutdown(): void {
    this.writeAll();
    this.sumUp();
  }

  /** Counts a callback that was turned away; the log is told of all of a second in one line. */
  turnedAway(outcome: TurnedAway, provider = 'none'): void {
    this.count(provider, outcome);
    this.#turnedAway[outcome] += 1;
    this.#timer ??= setTimeout(() => this.sumUp(), SUM_UP_EVERY_MS).unref();
  }

  private sumUp(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.logger.warn({ ...this.#turnedAway }, 'callbacks.turned_away');
    this.#turnedAway.overloaded = 0;
    this.#turnedAway.rate_limited = 0;
  }

  /**
   * Tells of a callback that has been answered; once all that are answered in this turn of the event loop have been. With
   * pauses between their answers, each would find its sender asleep, and to wake one costs more than the answer.
   */
  write(outcome: Outcome, exchange: Exchange): void {
    if (this.#unwritten.push([outcome, exchange]) === 1) setImmediate(() => this.writeAll());
  }

  private writeAll(): void {
    const unwritten = this.#unwritten;
    this.#unwritten = [];
    for (const [outcome, exchange] of unwritten) this.writeOne(outcome, exchange);
  }

  private writeOne(outcome: Outcome, { requestId, method, status, durationMs }: Exchange): void {
    const source = 'source' in outcome ? outcome.source : null;
    if (outcome.kind === 'overloaded' || outcome.kind === 'rate_limited')
      return this.turnedAway(outcome.kind, source?.preset.id);
    this.count(source?.preset.id ?? 'none', outcome.kind);
    this.#seconds.observe(durationMs / 1_000);
    const line = {
      outcome: outcome.kind,
      ...identify(outcome, requestId),
      method,
      status,
      duration_ms: Math.round(durationMs * 10) / 10,
    };
    if (outcome.kind === 'unavailable') this.logger.error({ ...line, ...cause(outcome.error) }, MESSAGE);
    else this.factsOf(source).info(line, MESSAGE);
  }

  private count(provider: string, outcome: Outcome['kind'] | TurnedAway): void {
    const key = `${provider} ${outcome}`;
    let counted = this.#counts.get(key);
    if (counted === undefined)
      this.#counts.set(key, (counted = this.#received.labels({ provider, outcome })));
    counted.inc();
  }

  private factsOf(source: LiveSource | null): Logger {
    if (source === null) return this.#facts;
    let facts = this.#factsOf.get(source);
    if (facts === undefined) {
      const { tenantId, slug, preset } = source;
      facts = this.#facts.child({ tenant_id: toUlid(tenantId), source: slug, provider: preset.id });
      this.#factsOf.set(source, facts);
    }
    return facts;
  }
}

/** An accepted callback is known by its event, whose id is the request's. */
function identify(outcome: Outcome, requestId: string): object {
  switch (outcome.kind) {
    case 'accepted':
      return { event_id: requestId };
    case 'duplicate':
      return { request_id: requestId, event_id: toUlid(outcome.eventId) };
    case 'rejected':
      return { request_id: requestId, reason: outcome.reason };
    default:
      return { request_id: requestId };
  }
}

/** PostgreSQL's errors may quote the row, so of those only the code is told; any other is ours and told in full. */
function cause(error: unknown): object {
  if (error === undefined) return {};
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? { error_code: code } : { error };
}
