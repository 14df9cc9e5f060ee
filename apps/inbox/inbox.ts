import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { SETTINGS, type Settings } from '#config';
import { toUlid } from '#contract';
import { newId, within } from '#database';
import { EventLog } from '#events';
import { LOGGER, type Logger } from '#logging';
import { METRICS, type Registry } from '#metrics';
import { AddressPolicy, DocumentCache, OutboundClient } from '#outbound';
import { SecretUsage } from '#secrets';
import { type LiveKey, LiveSources } from '#sources';
import { ByteBudget, readBody } from './read-body.js';
import { receive, type ReceiveDependencies } from './receive.js';
import { replyTo } from './reply.js';
import { CallbackReport } from './report.js';
import { sendReply } from './send-reply.js';
import { visit } from './visit.js';

const MOST_BYTES_IN_FLIGHT = 128 * 1024 * 1024;
const NOTE_TIMEOUT_MS = 1_000;

/**
 * The public door. It takes requests straight from Node's HTTP server: no framework parses, decodes or refuses
 * anything before the bytes have been verified.
 */
@Injectable()
export class Inbox implements OnApplicationShutdown {
  readonly #house: ReceiveDependencies;
  readonly #report: CallbackReport;
  readonly #client: OutboundClient;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @Inject(LOGGER) logger: Logger,
    @Inject(METRICS) metrics: Registry,
    liveSources: LiveSources,
    eventLog: EventLog,
    usage: SecretUsage,
  ) {
    const budget = new ByteBudget(MOST_BYTES_IN_FLIGHT);
    this.#client = new OutboundClient({ policy: new AddressPolicy(settings.allowedDestinations) });
    const documents = new DocumentCache(this.#client);
    this.#report = new CallbackReport(logger, metrics);
    this.#house = {
      publicUrl: settings.publicUrl,
      findSource: (tenantSlug, sourceSlug) => liveSources.findByUrlAcrossTenants(tenantSlug, sourceSlug),
      readBody: (request) => readBody(request, settings.maxBodyBytes, budget),
      published: (url, wanted, asking) => documents.get(url, wanted, asking),
      visit: (url) => visit(this.#client, url),
      storeEvent: (event) => eventLog.append(event),
      noteVerified: ({ tenantId, keys, bearerKeys }, secretId, atMs) => {
        const isUnused = ({ id, unused }: LiveKey): boolean => id === secretId && unused;
        const isFirst = keys.some(isUnused) || bearerKeys?.some(isUnused) === true;
        const noted = usage.record(tenantId, secretId, atMs, isFirst);
        // Noting never fails, but it may hang; whether the callback can be taken is for the store to say.
        return noted === undefined ? undefined : within(NOTE_TIMEOUT_MS, noted).catch(() => undefined);
      },
    };
  }

  onApplicationShutdown(): void {
    this.#client.close();
  }

  /** Receives one request and answers it. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const outcome = await receive(request, this.#house);
    // An accepted callback is known by its event.
    const requestId = toUlid(outcome.kind === 'accepted' ? outcome.eventId : newId());
    const reply = replyTo(outcome, requestId);
    if (reply !== null) sendReply(request, response, reply);
    this.#report.write(outcome, {
      requestId,
      method: request.method ?? '',
      status: reply?.status ?? null,
      durationMs: performance.now() - startedAt,
    });
  }
}
