import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { SETTINGS, type Settings } from '#config';
import { toUlid } from '#contract';
import { Database, idAtTime, newId, Overloaded, timeOfId } from '#database';
import { type Problem, problem } from '#errors';
import { appendWithin, eventOf, isStoredWithin, type NewEvent, ReceivedCallback } from '#events';
import { AddressPolicy, DocumentCache, OutboundClient } from '#outbound';
import { SecretUsage } from '#secrets';
import { type Admission, guardCallback, type LiveSource, LiveSources, parseIngestTarget } from '#sources';
import { AuditLog } from '#tenants';
import { type OpenedRejection, Rejections } from './rejections.service.js';

type Admitted = Extract<Admission, { readonly ok: true }>;

const RECEIVING_METHODS: readonly string[] = ['POST', 'PUT', 'PATCH'];

/** Verifies refused callbacks again, and makes events of those that hold now. */
@Injectable()
export class Reverifier implements OnApplicationShutdown {
  readonly #client: OutboundClient;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly database: Database,
    private readonly rejections: Rejections,
    private readonly liveSources: LiveSources,
    private readonly usage: SecretUsage,
    private readonly audit: AuditLog,
  ) {
    this.#client = new OutboundClient({ policy: new AddressPolicy(settings.allowedDestinations) });
  }

  onApplicationShutdown(): void {
    this.#client.close();
  }

  /**
   * Judges a refused callback by the secrets of this moment and the clock of its receipt. Where it holds, it becomes the
   * event it would have been, and the rejection is gone in the same commit. Returns the id of the event, which of a
   * duplicate is the first one's.
   */
  async reverify(tenantId: string, id: string): Promise<string> {
    const kept = await this.rejections.open(tenantId, id);
    const { body } = kept;
    if (body === null) throw stands(kept.reason, 'Not all of it was kept: its body is too large');
    const source = await this.liveSources.loadAcrossTenants(tenantId, kept.sourceId);
    if (source === null) throw stands(kept.reason, 'Its source has been deleted');
    const url = this.settings.publicUrl + kept.target;
    const callback = new ReceivedCallback(kept.method, url, kept.headers, body);
    const admitted = await this.judge(source, callback, timeOfId(id));
    refuseQuestions(source, callback);
    const event = eventFrom(kept, source, { callback, admitted });
    await Promise.all(admitted.secretIds.map((secretId) => this.noteUse(source, secretId, timeOfId(id))));
    return this.store(tenantId, id, event);
  }

  private async judge(source: LiveSource, callback: ReceivedCallback, nowMs: number): Promise<Admitted> {
    // A cache of its own: what was fetched before may be what the callback failed by.
    const documents = new DocumentCache(this.#client);
    const verdict = await Promise.resolve(
      guardCallback(source, callback, {
        nowMs,
        published: (url, wanted, asking) => documents.get(url, wanted, asking),
      }),
    ).catch((error: unknown) => {
      throw error instanceof Overloaded ? problem('unavailable') : error;
    });
    if (!verdict.ok) throw stands(verdict.reason, `It is still refused: ${verdict.reason}`);
    return verdict;
  }

  private async noteUse(source: LiveSource, secretId: string, atMs: number): Promise<void> {
    const keys = [...source.keys, ...(source.bearerKeys ?? [])];
    const mayTakeOver = keys.some((key) => key.id === secretId && key.mayTakeOver);
    await this.usage.record(source.tenantId, secretId, atMs, mayTakeOver);
  }

  private store(tenantId: string, rejectionId: string, event: NewEvent): Promise<string> {
    return this.database.tenant(tenantId, async (manager) => {
      if (!(await this.rejections.removeWithin(manager, tenantId, rejectionId))) throw problem('not_found');
      const stored = await appendWithin(manager, event);
      // Nobody could be shown it, and the only thing that is left of the callback would be gone.
      if (stored.status === 'duplicate' && !(await isStoredWithin(manager, tenantId, stored.id)))
        throw stands('event_erased', 'It is a duplicate of an event that has been erased');
      await this.audit.record(manager, tenantId, {
        action: 'rejection.reverified',
        target: { type: 'rejection', id: rejectionId, name: null },
        details: { source_id: toUlid(event.sourceId), event_id: toUlid(stored.id), outcome: stored.status },
      });
      return stored.id;
    });
  }
}

function stands(reason: string, detail: string): Problem {
  return problem('rejection_stands', { detail, members: { reason } });
}

/** What the inbox would have answered without storing anything is no event here either. */
function refuseQuestions(source: LiveSource, callback: ReceivedCallback): void {
  const { handshake } = source.preset;
  const facts = { keys: source.keys, config: source.config };
  const isQuestion = handshake !== undefined && handshake.answer(callback, facts) !== null;
  if (isQuestion || !RECEIVING_METHODS.includes(callback.method))
    throw stands('not_a_callback', 'It is a question of the provider’s, of which no event is made');
}

function eventFrom(
  kept: OpenedRejection,
  source: LiveSource,
  { callback, admitted }: { readonly callback: ReceivedCallback; readonly admitted: Admitted },
): NewEvent {
  const ingestUrl = parseIngestTarget(kept.target);
  if (ingestUrl === null) throw stands(kept.reason, 'Its URL is no ingest URL');
  return eventOf(idOfSameTime(kept.id), source, { ingestUrl, callback, verdict: admitted });
}

/** A new id with the time of another one: events are found by the time of their receipt. */
function idOfSameTime(id: string): string {
  const time = idAtTime(timeOfId(id)).slice(0, 13);
  return time + newId().slice(13);
}
