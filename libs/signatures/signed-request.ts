import { randomBytes } from 'node:crypto';
import {
  type CollectedSignatures,
  type HeaderGrammar,
  LIMITS,
  readHeader,
  type Refusal,
  refused,
  signatureHeader,
  type SignatureHeader,
} from './headers.js';
import { jsonPointer, parseJson } from './json-pointer.js';
import type { Clock, HeaderPairs, SignatureHeaders, SignedRequest, Verdict } from './scheme.js';
import { signedContent, type SignedContent, type SignedValues } from './signed-content.js';
import { formatTime, isTimely, parseTime, type TimeUnit } from './signed-time.js';

/** Where the signature of a request and what belongs to it stand, whatever the algorithm. */
export interface SignedRequestOptions {
  /** The header of the signature, as the provider spells it; several where each live key has a header of its own. */
  readonly header: string | readonly [string, ...string[]];
  /** Default: the bare signature. */
  readonly grammar?: HeaderGrammar;
  /** Default `${body}`; see {@link signedContent}. */
  readonly content?: string;
  /** What the provider makes of the URL before it signs it; default nothing. */
  readonly signedUrl?: (told: string) => string;
  /** The signed time. Without `header` and `jsonPointer` it stands in the signature header, as the grammar says. */
  readonly timestamp?: {
    readonly header?: string;
    /** The body holds the time; a fresh signature cannot renew it. */
    readonly jsonPointer?: string;
    readonly unit: TimeUnit;
    readonly toleranceSeconds: number;
  };
  /** The header of a signed message id; `pattern` is what an id may consist of (default: visible ASCII). */
  readonly id?: { readonly header: string; readonly pattern?: RegExp };
}

/** What a request brought to prove itself with, and the values that are signed; nothing in it is believed yet. */
export interface Evidence extends SignedValues {
  /** 1 to 8 signatures in canonical spelling. */
  readonly candidates: readonly string[];
  readonly signedAtMs: number | null;
}

/** Takes the evidence out of a request, and puts it into one. */
export interface SignedRequestFormat {
  readonly content: SignedContent;
  readonly headerNames: readonly string[];
  /** How many signatures one request can carry. */
  readonly maximumSignatures: number;
  read(request: SignedRequest): Evidence | Refusal;
  /** The last step: the signature is right, so was it made at the right time? */
  accept(request: SignedRequest, keyId: string, evidence: Evidence, clock: Clock): Verdict;
  freshValues(request: SignedRequest, clock: Clock): SignedValues;
  headersOf(signatures: readonly string[], values: SignedValues): SignatureHeaders;
}

/**
 * The reader and writer of everything around a signature.
 *
 * @param options what differs between providers
 * @param canonical the one spelling of a signature, or `null` when the text cannot be one
 * @throws RangeError when the template or the pointer is not one
 */
export function signedRequestFormat(
  options: SignedRequestOptions,
  canonical: (text: string) => string | null,
): SignedRequestFormat {
  const { timestamp, id } = options;
  const headers: readonly string[] = typeof options.header === 'string' ? [options.header] : options.header;
  const lowerCaseHeaders = headers.map((name) => name.toLowerCase());
  const grammar = signatureHeader(options.grammar ?? { kind: 'bare' });
  const readValues = valueReader(timestamp, id);
  const readBodyTime = bodyTimeReader(timestamp);

  return {
    content: signedContent(options.content ?? '${body}', options.signedUrl),
    headerNames: [...headers, timestamp?.header, id?.header].filter((name) => name !== undefined),
    maximumSignatures: grammar.holdsSeveral ? LIMITS.signatures : headers.length,
    read: (request) => {
      const draft: Draft = { candidates: [], timestamp: undefined, id: undefined, signedAtMs: null };
      return (
        collect(request.headers, lowerCaseHeaders, grammar, draft) ??
        spell(draft, canonical) ??
        readValues(request, draft) ??
        draft
      );
    },
    accept: (request, keyId, evidence, clock) => {
      const signedAtMs = readBodyTime === null ? evidence.signedAtMs : readBodyTime(request.body);
      if (timestamp === undefined) return { ok: true, keyId, signedAtMs };
      if (signedAtMs === null) return refused('signature_malformed');
      const isInTime = isTimely(signedAtMs, clock, timestamp.toleranceSeconds);
      return isInTime ? { ok: true, keyId, signedAtMs } : refused('timestamp_outside_tolerance');
    },
    freshValues: (request, clock) => ({
      ...(timestamp === undefined ? {} : { timestamp: formatTime(clock.nowMs, timestamp.unit) }),
      ...(id === undefined ? {} : { id: messageId(request, id.header) }),
    }),
    headersOf: (signatures, values) => {
      const fresh = headers.slice(0, signatures.length).map((name, index) => {
        const own = headers.length === 1 ? signatures : signatures.slice(index, index + 1);
        return [name, grammar.format(own, values.timestamp)] as const;
      });
      if (timestamp?.header !== undefined) fresh.push([timestamp.header, values.timestamp ?? '']);
      if (id !== undefined) fresh.push([id.header, values.id ?? '']);
      return fresh;
    },
  };
}

/** Evidence in the making: one object that is filled step by step, because every request takes this way. */
interface Draft extends CollectedSignatures {
  id: string | undefined;
  signedAtMs: number | null;
}

/** All signatures of the headers that are there. */
function collect(
  headers: HeaderPairs,
  names: readonly string[],
  grammar: SignatureHeader,
  draft: Draft,
): Refusal | null {
  for (const name of names) {
    const reading = readHeader(headers, name);
    if (!reading.ok && reading.reason === 'signature_missing') continue;
    if (!reading.ok || !grammar.collect(reading.value, draft)) return refused('signature_malformed');
  }
  return draft.candidates.length === 0 ? refused('signature_missing') : null;
}

/** Brings all signatures into canonical spelling; one that cannot be a signature spoils the rest. */
function spell({ candidates }: Draft, canonical: (text: string) => string | null): Refusal | null {
  for (let index = 0; index < candidates.length; index += 1) {
    const spelled = canonical(candidates[index] ?? '');
    if (spelled === null) return refused('signature_malformed');
    candidates[index] = spelled;
  }
  return null;
}

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

function valueReader(
  timestamp: SignedRequestOptions['timestamp'],
  id: SignedRequestOptions['id'],
): (request: SignedRequest, draft: Draft) => Refusal | null {
  const hasTimeOutsideBody = timestamp !== undefined && timestamp.jsonPointer === undefined;
  const timeHeader = timestamp?.header?.toLowerCase();
  const idHeader = id?.header.toLowerCase();
  const idPattern = id?.pattern ?? VISIBLE_ASCII;
  return ({ headers }, draft) => {
    if (timeHeader !== undefined) {
      const reading = readHeader(headers, timeHeader);
      if (!reading.ok) return reading;
      draft.timestamp = reading.value;
    }
    if (idHeader !== undefined) {
      const reading = readHeader(headers, idHeader);
      if (!reading.ok) return reading;
      draft.id = reading.value;
      if (draft.id.length > LIMITS.idBytes || !idPattern.test(draft.id))
        return refused('signature_malformed');
    }
    // What stands in the place of the time without being declared one, a nonce, is signed all the same.
    if (!hasTimeOutsideBody) return null;
    draft.signedAtMs = draft.timestamp === undefined ? null : parseTime(draft.timestamp, timestamp.unit);
    return draft.signedAtMs === null ? refused('signature_malformed') : null;
  };
}

/** Parses the body, so it may only be called once the signature over it is known to be right. */
function bodyTimeReader(
  timestamp: SignedRequestOptions['timestamp'],
): ((body: Buffer) => number | null) | null {
  if (timestamp?.jsonPointer === undefined) return null;
  const read = jsonPointer(timestamp.jsonPointer);
  if (read === null) throw new RangeError(`not a JSON pointer: ${timestamp.jsonPointer}`);
  return (body) => {
    const value = read(parseJson(body));
    return typeof value === 'string' || typeof value === 'number'
      ? parseTime(String(value), timestamp.unit)
      : null;
  };
}

/** The receiver knows a message again by its id, so a redelivery keeps the one that came. */
function messageId(request: SignedRequest, header: string): string {
  const reading = readHeader(request.headers, header.toLowerCase());
  return reading.ok ? reading.value : `msg_${randomBytes(18).toString('base64url')}`;
}
