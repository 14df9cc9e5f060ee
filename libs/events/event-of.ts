import { createHash } from 'node:crypto';
import { timeOfId } from '#database';
import type { Verdict } from '#signatures';
import { type IngestUrl, type LiveSource, pathWithoutToken, queryWithoutToken } from '#sources';
import type { NewEvent } from './new-event.js';
import type { ReceivedCallback } from './received-callback.js';
import { splitHeaders } from './sensitive-headers.js';

/** Longest fact that is kept as it is, in UTF-16 units: ids are indexed, and nobody's id is an essay. */
const LONGEST_FACT = 256;

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
    type: shown(preset.eventType?.(callback)),
    providerEventId: shown(preset.eventId?.(callback)),
    runId: shown(preset.runId?.(callback)),
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

/** What is too long to be listed and filtered by is not shown cut off, but not at all. */
function shown(fact: string | null | undefined): string | null {
  return fact == null || fact.length > LONGEST_FACT ? null : fact;
}

function dedupeOf({ dedupe }: LiveSource, callback: ReceivedCallback): NewEvent['dedupe'] {
  const key = dedupe?.key(callback) ?? null;
  return dedupe === null || key === null ? null : { key: keyOf(key), windowSeconds: dedupe.windowSeconds };
}

/** A long key tells events apart as well as a short one; its digest does so in bounded space. */
function keyOf(key: string): string {
  return key.length > LONGEST_FACT ? `sha256:${createHash('sha256').update(key).digest('hex')}` : key;
}
