import type { IncomingMessage } from 'node:http';
import { newId, Overloaded, timeOfId } from '#database';
import { type Appended, eventOf, type NewEvent, type ReceivedCallback, receivedCallback } from '#events';
import type { HandshakeReply } from '#providers';
import type { PublishedDocuments, RefusalReason } from '#signatures';
import { admitsUrl, guardCallback, type LiveSource, parseIngestTarget } from '#sources';
import { answerHandshake, carriesCallbacks, methodsOf } from './handshake.js';
import { providerReply, type WantedReply } from './provider-reply.js';
import type { BodyReading } from './read-body.js';

/** What became of a request to the inbox. */
export type Outcome =
  | {
      readonly kind: 'accepted' | 'duplicate';
      readonly source: LiveSource;
      readonly eventId: string;
      /** What its provider insists on being answered, if anything. */
      readonly wanted: WantedReply | null;
    }
  | {
      readonly kind: 'rejected';
      readonly source: LiveSource;
      readonly reason: RefusalReason | 'body_too_large';
      /** `null` when its body was not read to its end. */
      readonly callback: ReceivedCallback | null;
    }
  | { readonly kind: 'handshake'; readonly source: LiveSource; readonly reply: HandshakeReply }
  | { readonly kind: 'not_found' | 'aborted' }
  | { readonly kind: 'method_not_allowed' | 'too_slow'; readonly source: LiveSource }
  | { readonly kind: 'rate_limited'; readonly source: LiveSource; readonly waitSeconds: number }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'unavailable'; readonly error?: unknown };

/** What receiving needs of the rest of the house. */
export interface ReceiveDependencies {
  /** Base of the URLs that providers were told. */
  readonly publicUrl: string;
  findSource(tenantSlug: string, sourceSlug: string): LiveSource | null | Promise<LiveSource | null>;
  /** Seconds until the rate limits of a source let this sender in; 0: now. Asked before its body is read. */
  waitFor(source: LiveSource, request: IncomingMessage): number;
  readBody(request: IncomingMessage): Promise<BodyReading>;
  /** As {@link waitFor}, and counts the callback, which has been verified. */
  countVerified(source: LiveSource, request: IncomingMessage): number;
  storeEvent(event: NewEvent): Promise<Appended>;
  /** A promise only when it has to be written down before the event is stored. */
  noteVerified(source: LiveSource, secretId: string, atMs: number): Promise<void> | undefined;
  /** Opens a URL that a provider has asked to have opened; whether it answered well. */
  visit(url: string): Promise<boolean>;
  /** What providers publish to verify their signatures with, fetched through the guarded client. */
  readonly published: PublishedDocuments;
}

/**
 * The way of a callback: find the source by its URL, read the bytes, bounded, verify them with the source's live
 * secrets, answer a handshake or store the event with its dedupe key. Verification comes before everything that leaves a trace.
 * What is known at once is not awaited: a promise costs as much as the step itself.
 */
export async function receive(request: IncomingMessage, house: ReceiveDependencies): Promise<Outcome> {
  const ingestUrl = parseIngestTarget(request.url ?? '');
  if (ingestUrl === null) return { kind: 'not_found' };
  try {
    const { tenantSlug, sourceSlug } = ingestUrl;
    const looked = house.findSource(tenantSlug, sourceSlug);
    const found = looked instanceof Promise ? await looked : looked;
    if (found === null || !admitsUrl(found, ingestUrl, Date.now())) return { kind: 'not_found' };
    const method = request.method ?? '';
    if (!methodsOf(found).includes(method)) return { kind: 'method_not_allowed', source: found };

    const waitSeconds = house.waitFor(found, request);
    if (waitSeconds > 0) return { kind: 'rate_limited', source: found, waitSeconds };
    const reading = await house.readBody(request);
    if (!reading.ok) return unreadable(reading.reason, found);
    // Once more: a body may take a minute, and what was revoked meanwhile must not verify it.
    const lookedAgain = house.findSource(tenantSlug, sourceSlug);
    const source = lookedAgain instanceof Promise ? await lookedAgain : lookedAgain;
    if (source === null || !admitsUrl(source, ingestUrl, Date.now())) return { kind: 'not_found' };

    const callback = receivedCallback(request, house.publicUrl + ingestUrl.target, reading.body);
    const eventId = newId();
    const receivedAtMs = timeOfId(eventId);
    const unproven = answerHandshake(source, callback, { proven: false, nowMs: receivedAtMs });
    if (unproven !== null) return { kind: 'handshake', source, reply: unproven };
    if (!carriesCallbacks(method) && source.preset.handshake?.isSigned !== true)
      return { kind: 'method_not_allowed', source };

    const judging = guardCallback(source, callback, { nowMs: receivedAtMs, published: house.published });
    const verdict = judging instanceof Promise ? await judging : judging;
    if (!verdict.ok) return { kind: 'rejected', source, reason: verdict.reason, callback };
    const proven = answerHandshake(source, callback, { proven: true, nowMs: receivedAtMs });
    if (proven !== null) {
      const isDone = proven.visit === undefined || (await house.visit(proven.visit));
      return isDone ? { kind: 'handshake', source, reply: proven } : { kind: 'unavailable' };
    }
    if (!carriesCallbacks(method)) return { kind: 'method_not_allowed', source };

    const tooSoonBySeconds = house.countVerified(source, request);
    if (tooSoonBySeconds > 0) return { kind: 'rate_limited', source, waitSeconds: tooSoonBySeconds };
    const wanted = providerReply(source, callback, { keyId: verdict.keyId, nowMs: receivedAtMs });
    // First, because what is stored may be delivered at once, signed with the secret that is current then.
    const notes = verdict.secretIds.flatMap((id) => house.noteVerified(source, id, receivedAtMs) ?? []);
    if (notes.length > 0) await Promise.all(notes);
    const stored = await house.storeEvent(eventOf(eventId, source, { ingestUrl, callback, verdict }));
    return { kind: stored.status, source, eventId: stored.id, wanted };
  } catch (error) {
    return error instanceof Overloaded ? { kind: 'overloaded' } : { kind: 'unavailable', error };
  }
}

function unreadable(reason: Extract<BodyReading, { ok: false }>['reason'], source: LiveSource): Outcome {
  switch (reason) {
    case 'too_large':
      return { kind: 'rejected', source, reason: 'body_too_large', callback: null };
    case 'too_slow':
      return { kind: 'too_slow', source };
    case 'no_memory':
      return { kind: 'overloaded' };
    case 'aborted':
      return { kind: 'aborted' };
  }
}
