import { createHmac, type KeyObject } from 'node:crypto';
import {
  digestText,
  type HashAlgorithm,
  prepareSecret,
  type SecretFormat,
  type SignatureEncoding,
} from './encoding.js';
import { LIMITS, refused } from './headers.js';
import { jsonPointer, parseJson, type JsonReader } from './json-pointer.js';
import type { Clock, Key, Scheme, SignedRequest, Verdict } from './scheme.js';
import { isTimely, parseTime, type TimeUnit } from './signed-time.js';

/** What a provider decides about a signature that stands in its JSON body. */
export interface HmacInBodyOptions {
  readonly name?: string;
  readonly algorithm: HashAlgorithm;
  readonly encoding: SignatureEncoding;
  /** RFC 6901 pointer to the signature. */
  readonly signature: string;
  /** Pointers to the values that are signed, in their order. */
  readonly content: readonly [string, ...string[]];
  /** Stands between the values; default nothing. */
  readonly separator?: string;
  /** The signed value that is the time. */
  readonly timestamp?: {
    readonly jsonPointer: string;
    readonly unit: TimeUnit;
    readonly toleranceSeconds: number;
  };
  readonly secret?: SecretFormat;
}

/**
 * HMAC over some values of the JSON body, which holds the signature too.
 *
 * Nothing but those values is bound: a valid signature proves nothing about the rest of the body, and whoever saw one request
 * can make others until its time is over. So the event should be known again by the signed values.
 *
 * @param options what differs between providers
 * @throws RangeError when a pointer is not one
 * @example hmacInBody({ algorithm: 'sha256', encoding: 'hex', signature: '/signature/signature', content: ['/signature/timestamp', '/signature/token'] })
 */
export function hmacInBody(options: HmacInBodyOptions): Scheme<KeyObject> {
  const { algorithm, timestamp, separator = '' } = options;
  const digest = digestText(algorithm, options.encoding);
  const readSignature = reader(options.signature);
  const readContent = options.content.map(reader);
  const readTime = timestamp === undefined ? null : reader(timestamp.jsonPointer);

  function judgeTime(document: unknown, keyId: string, clock: Clock): Verdict {
    if (timestamp === undefined || readTime === null) return { ok: true, keyId, signedAtMs: null };
    const signedAtMs = parseTime(textAt(document, readTime) ?? '', timestamp.unit);
    if (signedAtMs === null) return refused('signature_malformed');
    const isInTime = isTimely(signedAtMs, clock, timestamp.toleranceSeconds);
    return isInTime ? { ok: true, keyId, signedAtMs } : refused('timestamp_outside_tolerance');
  }

  function verify(request: SignedRequest, keys: readonly Key<KeyObject>[], clock: Clock): Verdict {
    if (keys.length === 0) return refused('no_secret');
    const document = parseJson(request.body);
    const signature = textAt(document, readSignature);
    if (signature === null) return refused('signature_missing');
    const canonical = digest.canonical(signature);
    const parts = readContent.map((read) => textAt(document, read));
    if (canonical === null || parts.includes(null)) return refused('signature_malformed');
    const content = parts.join(separator);
    const key = keys.find(({ material }) =>
      digest.same(canonical, createHmac(algorithm, material).update(content).digest(digest.encoding)),
    );
    return key === undefined ? refused('signature_mismatch') : judgeTime(document, key.id, clock);
  }

  return {
    name: options.name ?? 'hmac-in-body',
    signatureHeaders: [],
    signsTimestamp: timestamp !== undefined,
    defaultToleranceSeconds: timestamp?.toleranceSeconds ?? null,
    secretUse: 'compute',
    prepareKey: (plainSecret) => prepareSecret(plainSecret, options.secret),
    verify,
  };
}

function reader(pointer: string): JsonReader {
  const read = jsonPointer(pointer);
  if (read === null) throw new RangeError(`not a JSON pointer: ${pointer}`);
  return read;
}

/** A signed value as text: short, and never a list or an object, which have no one spelling. */
function textAt(document: unknown, read: JsonReader): string | null {
  const value = read(document);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value.length <= LIMITS.idBytes ? value : null;
}
