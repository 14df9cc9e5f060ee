import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '#config';
import { toUlid } from '#contract';
import { newId } from '#database';
import { EventLog } from '#events';
import { LOGGER, type Logger } from '#logging';
import { Counter, Histogram, METRICS, type Registry } from '#metrics';
import { SecretUsage } from '#secrets';
import { LiveSources } from '#sources';
import { ByteBudget, readBody } from './read-body.js';
import { type Outcome, receive, type ReceiveDependencies } from './receive.js';
import { type Reply, replyTo } from './reply.js';

const MOST_BYTES_IN_FLIGHT = 128 * 1024 * 1024;
/** How long a sender whose body is not wanted may go on sending, so that it gets to read the answer. */
const LINGER_MS = 1_000;

/**
 * The public door. It takes requests straight from Node's HTTP server: no framework parses, decodes or refuses
 * anything before the bytes have been verified.
 */
@Injectable()
export class Inbox {
  readonly #house: ReceiveDependencies;
  readonly #received: Counter;
  readonly #seconds: Histogram;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METRICS) metrics: Registry,
    liveSources: LiveSources,
    eventLog: EventLog,
    usage: SecretUsage,
  ) {
    const budget = new ByteBudget(MOST_BYTES_IN_FLIGHT);
    this.#house = {
      publicUrl: settings.publicUrl,
      findSource: (tenantSlug, sourceSlug) => liveSources.findByUrlAcrossTenants(tenantSlug, sourceSlug),
      readBody: (request) => readBody(request, settings.maxBodyBytes, budget),
      storeEvent: (event) => eventLog.append(event),
      noteVerified: (tenantId, secretId, atMs, first) => usage.record(tenantId, secretId, atMs, first),
    };
    this.#received = new Counter({
      name: 'callbox_callbacks_total',
      help: 'Callbacks received, by provider and outcome',
      labelNames: ['provider', 'outcome'],
      registers: [metrics],
    });
    this.#seconds = new Histogram({
      name: 'callbox_callback_duration_seconds',
      help: 'From the first byte of a callback to its answer',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers: [metrics],
    });
  }

  /** Receives one request and answers it. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const requestId = newId();
    const outcome = await receive(request, this.#house);
    const reply = replyTo(outcome, requestId);
    if (outcome.kind !== 'aborted') send(request, response, reply);
    this.report(request, outcome, {
      requestId,
      status: reply.status,
      durationMs: performance.now() - startedAt,
    });
  }

  private report(
    request: IncomingMessage,
    outcome: Outcome,
    facts: { requestId: string; status: number; durationMs: number },
  ): void {
    const source = 'source' in outcome ? outcome.source : null;
    this.#received.inc({ provider: source?.preset.id ?? 'none', outcome: outcome.kind });
    this.#seconds.observe(facts.durationMs / 1_000);
    const line = {
      request_id: facts.requestId,
      outcome: outcome.kind,
      ...(outcome.kind === 'rejected' ? { reason: outcome.reason } : {}),
      ...(source === null
        ? {}
        : { tenant_id: toUlid(source.tenantId), source: source.slug, provider: source.preset.id }),
      ...('eventId' in outcome ? { event_id: toUlid(outcome.eventId) } : {}),
      method: request.method,
      status: facts.status,
      duration_ms: Math.round(facts.durationMs * 10) / 10,
    };
    if (outcome.kind === 'unavailable')
      this.logger.error({ ...line, error: outcome.error }, 'callback.received');
    else this.logger.info(line, 'callback.received');
  }
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const closes = reply.closes && !request.complete;
  response.writeHead(reply.status, {
    ...reply.headers,
    'content-length': Buffer.byteLength(reply.body),
    ...(closes ? { connection: 'close' } : {}),
  });
  if (!closes) {
    response.end(reply.body);
    return;
  }
  // Closing at once would reset the connection under a sender that is still sending, and the answer with it.
  response.write(reply.body);
  const timer = setTimeout(() => response.end(), LINGER_MS).unref();
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  request.once('end', end).once('close', end).resume();
}
