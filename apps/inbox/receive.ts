import type { IncomingMessage } from 'node:http';
import { newId, Overloaded, timeOfId } from '#database';
import { type Appended, type NewEvent, splitHeaders } from '#events';
import type { RefusalReason, Verdict } from '#signatures';
import type { LiveSource } from '#sources';
import { headerPairs, ReceivedCallback } from './callback.js';
import { guardCallback } from './callback-guard.js';
import { type IngestUrl, parseIngestTarget } from './ingest-url.js';
import type { BodyReading } from './read-body.js';

/** What became of a request to the inbox. */
export type Outcome =
  | { readonly kind: 'accepted' | 'duplicate'; readonly source: LiveSource; readonly eventId: string }
  | {
      readonly kind: 'rejected';
      readonly source: LiveSource;
      readonly reason: RefusalReason | 'body_too_large';
    }
  | { readonly kind: 'not_found' | 'aborted' }
  | { readonly kind: 'method_not_allowed'; readonly source: LiveSource }
  | { readonly kind: 'unavailable'; readonly error?: unknown };

/** What receiving needs of the rest of the house. */
export interface ReceiveDependencies {
  /** Base of the URLs that providers were told. */
  readonly publicUrl: string;
  findSource(tenantSlug: string, sourceSlug: string): Promise<LiveSource | null>;
  readBody(request: IncomingMessage): Promise<BodyReading>;
  storeEvent(event: NewEvent): Promise<Appended>;
  noteVerified(tenantId: string, secretId: string, atMs: number, first: boolean): void;
}

const RECEIVING_METHODS: readonly string[] = ['POST', 'PUT', 'PATCH'];

/**
 * The way of a callback: find the source by its URL, read the bytes, bounded, verify them with the source's live
 * secrets, store the event with its dedupe key. Verification comes before everything that leaves a trace.
 */
export async function receive(request: IncomingMessage, house: ReceiveDependencies): Promise<Outcome> {
  const ingestUrl = parseIngestTarget(request.url ?? '');
  if (ingestUrl === null) return { kind: 'not_found' };
  try {
    const source = await house.findSource(ingestUrl.tenantSlug, ingestUrl.sourceSlug);
    if (source === null) return { kind: 'not_found' };
    const method = request.method ?? '';
    if (!RECEIVING_METHODS.includes(method)) return { kind: 'method_not_allowed', source };

    const reading = await house.readBody(request);
    if (!reading.ok) return unreadable(reading.reason, source);

    const url = house.publicUrl + (request.url ?? '');
    const callback = new ReceivedCallback(method, url, headerPairs(request.rawHeaders), reading.body);
    const eventId = newId();
    const verdict = await guardCallback(source, callback, timeOfId(eventId));
    if (!verdict.ok) return { kind: 'rejected', source, reason: verdict.reason };

    const stored = await house.storeEvent(eventOf(eventId, source, ingestUrl, { callback, verdict }));
    const key = source.keys.find(({ id }) => id === verdict.keyId);
    house.noteVerified(source.tenantId, verdict.keyId, timeOfId(eventId), key?.unused ?? false);
    return { kind: stored.status, source, eventId: stored.id };
  } catch (error) {
    return error instanceof Overloaded ? { kind: 'unavailable' } : { kind: 'unavailable', error };
  }
}

function unreadable(reason: 'too_large' | 'no_memory' | 'aborted', source: LiveSource): Outcome {
  switch (reason) {
    case 'too_large':
      return { kind: 'rejected', source, reason: 'body_too_large' };
    case 'no_memory':
      return { kind: 'unavailable' };
    case 'aborted':
      return { kind: 'aborted' };
  }
}

interface Verified {
  readonly callback: ReceivedCallback;
  readonly verdict: Extract<Verdict, { ok: true }>;
}

function eventOf(
  id: string,
  source: LiveSource,
  ingestUrl: IngestUrl,
  { callback, verdict }: Verified,
): NewEvent {
  const { preset } = source;
  const dedupeKey = source.dedupe?.key(callback) ?? null;
  return {
    tenantId: source.tenantId,
    id,
    sourceId: source.id,
    provider: preset.id,
    type: preset.eventType?.(callback) ?? null,
    providerEventId: preset.eventId?.(callback) ?? null,
    runId: preset.runId?.(callback) ?? null,
    receivedAtMs: timeOfId(id),
    method: callback.method,
    path: ingestUrl.path,
    query: ingestUrl.query,
    contentType: callback.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? null,
    ...splitHeaders(callback.headers, preset.tokenHeaders ?? [], id, source.dataKey),
    body: callback.body,
    scheme: preset.scheme.name,
    secretId: verdict.keyId,
    signedAtMs: verdict.signedAtMs,
    dedupe:
      source.dedupe === null || dedupeKey === null
        ? null
        : { key: dedupeKey, windowSeconds: source.dedupe.windowSeconds },
  };
}
