import {
  acceptedAlgorithm,
  type AsymmetricAlgorithm,
  type Claims,
  type CompactJws,
  isSignedBy,
  takeApart,
} from './compact-jws.js';
import { type ExpectedClaims, meets, meetsAt, prepareExpectation } from './expectation.js';
import { readHeader, refused, type Refusal } from './headers.js';
import { parseJson } from './json-pointer.js';
import { publishedKeys } from './key-set.js';
import { RequestFields } from './request-fields.js';
import type { Clock, Key, PublishedDocuments, Scheme, SignedRequest, Verdict } from './scheme.js';
import { bytesOf, signedContent, type SignedPieces } from './signed-content.js';
import { isTimely, parseTime, type TimeUnit } from './signed-time.js';

/** What the text that a user pasted says: where the keys are published, and what must stand in messages for them. */
export interface JwsSubscription {
  readonly keysUrl: string;
  /** Members that the protected header must have. */
  readonly header?: ExpectedClaims;
  /** Values that the JSON body must have, by RFC 6901 pointer. */
  readonly body?: ExpectedClaims;
}

/** What a provider decides about its detached signatures. */
export interface DetachedJwsOptions {
  /** Default `jws-detached`. */
  readonly name?: string;
  /** The header of the JWS, as the provider spells it. */
  readonly header: string;
  /** The only algorithms that are accepted, whatever the JWS says. */
  readonly algorithms: readonly AsymmetricAlgorithm[];
  /** The payload: a template or a function, which also gets the protected header; default `${body}`. See {@link signedContent}. */
  readonly content?: string | ((protectedHeader: Claims) => SignedPieces);
  /** The payload is signed as it is, not as base64url; the JWS must then say so (RFC 7797). */
  readonly isPayloadRaw?: boolean;
  /** A header with a time, which `content` must sign. */
  readonly timestamp?: {
    readonly header: string;
    readonly unit: TimeUnit;
    readonly toleranceSeconds: number;
  };
  /** Reads the text that the user pasted; `null` when it cannot be one. Whoever expects nothing of header and body accepts
   * everything the provider signs for anybody: leave it out only where the URL or the keys are the user's own. */
  subscription(plainText: string): JwsSubscription | null;
}

interface Presented {
  readonly jws: CompactJws;
  readonly algorithm: AsymmetricAlgorithm;
  readonly signedBytes: Buffer;
  readonly signedAtMs: number | null;
}

/**
 * A JSON Web Signature whose payload is the request (RFC 7515 appendix F), verified with keys that the provider publishes.
 *
 * `jku`, `x5u` and `jwk` in the header are never followed: the URL of the keys is configuration.
 *
 * @param options what differs between providers
 * @throws RangeError when the template of the content is not one
 * @example detachedJws({ header: 'Saleor-Signature', algorithms: ['RS256'], isPayloadRaw: true, subscription: (keysUrl) => ({ keysUrl }) })
 */
export function detachedJws(options: DetachedJwsOptions): Scheme<JwsSubscription> {
  const { header, timestamp } = options;
  const present = presenter(options);

  async function verify(
    request: SignedRequest,
    keys: readonly Key<JwsSubscription>[],
    clock: Clock,
    published?: PublishedDocuments,
  ): Promise<Verdict> {
    if (keys.length === 0) return refused('no_secret');
    const presented = present(request);
    if ('ok' in presented) return presented;
    let refusal = refused('no_secret');
    for (const { id, material } of keys) {
      const verdict = await judge(presented, material, request, published);
      if (verdict === null) return accept(presented, id, clock);
      refusal = verdict;
    }
    return refusal;
  }

  function accept({ signedAtMs }: Presented, keyId: string, clock: Clock): Verdict {
    const isLate =
      timestamp !== undefined &&
      signedAtMs !== null &&
      !isTimely(signedAtMs, clock, timestamp.toleranceSeconds);
    return isLate ? refused('timestamp_outside_tolerance') : { ok: true, keyId, signedAtMs };
  }

  return {
    name: options.name ?? 'jws-detached',
    signatureHeaders: timestamp === undefined ? [header] : [header, timestamp.header],
    signsTimestamp: timestamp !== undefined,
    defaultToleranceSeconds: timestamp?.toleranceSeconds ?? null,
    secretUse: 'public',
    prepareKey: (plainText) => prepareExpectation(plainText, (text) => options.subscription(text)),
    verify,
  };
}

async function judge(
  { jws, algorithm, signedBytes }: Presented,
  subscription: JwsSubscription,
  request: SignedRequest,
  published: PublishedDocuments | undefined,
): Promise<Refusal | null> {
  const { keysUrl, header, body } = subscription;
  const candidates = await publishedKeys(published, keysUrl, { algorithm, kid: jws.header.kid });
  if (candidates === 'no_keys') return refused('no_secret');
  if (!candidates.some((key) => isSignedBy(key, algorithm, signedBytes, jws.signature)))
    return refused('signature_mismatch');
  const isForUs =
    (header === undefined || meets(jws.header, header)) &&
    (body === undefined || meetsAt(parseJson(request.body), body));
  return isForUs ? null : refused('claim_invalid');
}

function presenter(options: DetachedJwsOptions): (request: SignedRequest) => Presented | Refusal {
  const { content = '${body}', isPayloadRaw = false, timestamp } = options;
  const lowerCaseHeader = options.header.toLowerCase();
  const timeHeader = timestamp?.header.toLowerCase();
  const contentOf =
    typeof content === 'string'
      ? always(signedContent(content))
      : (protectedHeader: Claims) => signedContent(content(protectedHeader));

  return (request) => {
    const reading = readHeader(request.headers, lowerCaseHeader);
    if (!reading.ok) return reading;
    const jws = takeApart(reading.value);
    // A payload in the JWS would be signed instead of the request.
    if (jws === null || jws.payloadSegment !== '') return refused('signature_malformed');
    const algorithm = acceptedAlgorithm(jws.header, options.algorithms, isPayloadRaw);
    if (algorithm === null) return refused('signature_malformed');
    const time = timeHeader === undefined ? null : readHeader(request.headers, timeHeader);
    if (time !== null && !time.ok) return time;
    const signedAtMs =
      time === null || timestamp === undefined ? null : parseTime(time.value, timestamp.unit);
    if (time !== null && signedAtMs === null) return refused('signature_malformed');
    const values = { timestamp: time?.value, fields: new RequestFields(request) };
    const payload = bytesOf(contentOf(jws.header), request, values);
    if (!Buffer.isBuffer(payload)) return payload;
    const signedPayload = isPayloadRaw ? payload : Buffer.from(payload.toString('base64url'));
    const signedBytes = Buffer.concat([Buffer.from(`${jws.headerSegment}.`), signedPayload]);
    return { jws, algorithm, signedBytes, signedAtMs };
  };
}

function always<Value>(value: Value): () => Value {
  return () => value;
}
