import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { SETTINGS, type Settings } from '#config';
import { toUlid } from '#contract';
import { newId, within } from '#database';
import { EventLog } from '#events';
import { AddressPolicy, DocumentCache, OutboundClient } from '#outbound';
import { RejectionKeeper } from '#rejections';
import { SecretUsage } from '#secrets';
import { type LiveKey, LiveSources } from '#sources';
import { Door } from './door.js';
import { noteRejection } from './note-rejection.js';
import { receive, type ReceiveDependencies } from './receive.js';
import { replyTo } from './reply.js';
import { CallbackReport } from './report.js';
import { sendReply } from './send-reply.js';
import { visit } from './visit.js';

const NOTE_TIMEOUT_MS = 1_000;

/**
 * The public door. It takes requests straight from Node's HTTP server: no framework parses, decodes or refuses
 * anything before the bytes have been verified.
 */
@Injectable()
export class Inbox implements OnApplicationShutdown {
  readonly #house: ReceiveDependencies;
  readonly #client: OutboundClient;

  @Inject(RejectionKeeper)
  private readonly keeper!: RejectionKeeper;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly door: Door,
    private readonly report: CallbackReport,
    liveSources: LiveSources,
    eventLog: EventLog,
    usage: SecretUsage,
  ) {
    this.#client = new OutboundClient({ policy: new AddressPolicy(settings.allowedDestinations) });
    const documents = new DocumentCache(this.#client);
    this.#house = {
      publicUrl: settings.publicUrl,
      findSource: (tenantSlug, sourceSlug) => liveSources.findByUrlAcrossTenants(tenantSlug, sourceSlug),
      waitFor: (source, request) => door.waitFor(source, request),
      readBody: (request) => door.readBody(request),
      countVerified: (source, request) => door.countVerified(source, request),
      published: (url, wanted, asking) => documents.get(url, wanted, asking),
      visit: (url) => visit(this.#client, url),
      storeEvent: (event) => eventLog.append(event),
      noteVerified: ({ tenantId, keys, bearerKeys }, secretId, atMs) => {
        const isNext = (key: LiveKey): boolean => key.id === secretId && key.mayTakeOver;
        const mayTakeOver = keys.some(isNext) || bearerKeys?.some(isNext) === true;
        const noted = usage.record(tenantId, secretId, atMs, mayTakeOver);
        // Noting never fails, but it may hang; whether the callback can be taken is for the store to say.
        return noted === undefined ? undefined : within(NOTE_TIMEOUT_MS, noted).catch(() => undefined);
      },
    };
  }

  onApplicationShutdown(): void {
    this.#client.close();
  }

  /** Takes notice of a new connection, from which requests may come. */
  connect(): void {
    this.door.connect();
  }

  /** Receives one request and answers it. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    if (!this.door.isOpen) {
      this.door.turnAway(request, response);
      return this.report.turnedAway('overloaded');
    }
    this.door.enter();
    const outcome = await receive(request, this.#house);
    // An accepted callback is known by its event.
    const requestId = toUlid(outcome.kind === 'accepted' ? outcome.eventId : newId());
    const reply = replyTo(outcome, requestId);
    if (reply !== null) sendReply(request, response, reply);
    this.door.leave(request);
    if (outcome.kind === 'rejected') this.door.countRefused(outcome.source, request);
    if (outcome.kind === 'unavailable') this.door.noteError(outcome.error);
    this.report.write(outcome, {
      requestId,
      method: request.method ?? '',
      status: reply?.status ?? null,
      durationMs: performance.now() - startedAt,
    });
    const { keeper, settings } = this;
    noteRejection(outcome, request, { keeper, settings, published: this.#house.published });
  }
}
