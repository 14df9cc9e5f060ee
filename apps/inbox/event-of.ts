import { timeOfId } from '#database';
import { type NewEvent, splitHeaders } from '#events';
import type { Verdict } from '#signatures';
import type { LiveSource } from '#sources';
import type { ReceivedCallback } from './callback.js';
import type { IngestUrl } from './ingest-url.js';
import { pathWithoutToken, queryWithoutToken } from './url-token.js';

interface Verified {
  readonly ingestUrl: IngestUrl;
  readonly callback: ReceivedCallback;
  readonly verdict: Extract<Verdict, { ok: true }>;
}

/** The event that a verified callback is stored as. The id carries the time of receipt. */
export function eventOf(
  id: string,
  source: LiveSource,
  { ingestUrl, callback, verdict }: Verified,
): NewEvent {
  const { preset } = source;
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
    path: pathWithoutToken(source, ingestUrl.path),
    query: queryWithoutToken(source, ingestUrl.query),
    contentType: callback.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? null,
    ...splitHeaders(callback.headers, source.tokenHeaders, id, source.dataKey),
    body: callback.body,
    scheme: source.scheme.name,
    secretId: verdict.keyId,
    signedAtMs: verdict.signedAtMs,
    dedupe: dedupeOf(source, callback),
  };
}

function dedupeOf({ dedupe }: LiveSource, callback: ReceivedCallback): NewEvent['dedupe'] {
  const key = dedupe?.key(callback) ?? null;
  return dedupe === null || key === null ? null : { key, windowSeconds: dedupe.windowSeconds };
}
