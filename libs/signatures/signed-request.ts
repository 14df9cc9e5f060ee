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
  signaturesAnywhere,
} from './headers.js';
import { type FieldPlace, fieldReader, type FieldReader, RequestFields } from './request-fields.js';
import type { Clock, SignatureHeaders, SignedRequest, Verdict } from './scheme.js';
import { signedContent, type SignedContent, type SignedPieces, type SignedValues } from './signed-content.js';
import { formatTime, isTimely, looseTime, parseTime, type TimeUnit } from './signed-time.js';

/** Where the signature of a request and what belongs to it stand, whatever the algorithm. */
export interface SignedRequestOptions {
  /** The header of the signature, as the provider spells it; several where each live key has a header of its own. */
  readonly header: string | readonly [string, ...string[]];
  /** Default: the bare signature. */
  readonly grammar?: HeaderGrammar;
  /** Default `${body}`; see {@link signedContent}. */
  readonly content?: string | SignedPieces;
  /** What the provider makes of the URL before it signs it; default nothing. */
  readonly signedUrl?: (told: string) => string;
  /** The signed time. Without `header` and `jsonPointer` it stands in the signature header, as the grammar says. */
  readonly timestamp?: {
    readonly header?: string;
    /** The JSON body holds the time at this pointer; a fresh signature cannot renew it. */
    readonly jsonPointer?: string;
    /** The same for a time elsewhere in the body or in the query. */
    readonly field?: FieldPlace;
    readonly unit: TimeUnit;
    readonly toleranceSeconds: number;
  };
  /** The header of a signed message id; `pattern` is what an id may consist of (default: visible ASCII). */
  readonly id?: { readonly header: string; readonly pattern?: RegExp };
}

/** The same for a signature that is in no header. */
export interface SignedFieldsOptions extends Omit<SignedRequestOptions, 'header'> {
  readonly signature: FieldPlace;
}

/** What a request brought to prove itself with, and the values that are signed; nothing in it is believed yet. */
export interface Evidence extends SignedValues {
  /** 1 to 8 signatures in canonical spelling; a single one may only be plausible. */
  readonly candidates: readonly string[];
  readonly signedAtMs: number | null;
}

/** Tells what can be a signature. */
export interface SignatureSpelling {
  /** The one spelling of a signature, or `null` when the text cannot be one. */
  readonly canonical: (text: string) => string | null;
  /** The same, sooner, for the only signature of a request; {@link SignedRequestFormat.mismatch} has the last word on it. */
  readonly plausible?: (text: string) => string | null;
  /** Signatures are taken from wherever they stand; see {@link Deviation}. */
  readonly isAnywhere?: boolean;
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
  /** No key fits: is the signature a wrong one, or none at all? */
  mismatch(evidence: Evidence): Refusal;
  freshValues(request: SignedRequest, clock: Clock): SignedValues;
  headersOf(signatures: readonly string[], values: SignedValues): SignatureHeaders;
}

/**
 * The reader and writer of everything around a signature.
 *
 * @param options what differs between providers
 * @param spelling tells what can be a signature
 * @throws RangeError when the template or the pointer is not one
 */
export function signedRequestFormat(
  options: SignedRequestOptions | SignedFieldsOptions,
  spelling: SignatureSpelling,
): SignedRequestFormat {
  const { timestamp, id } = options;
  const headers = 'header' in options ? [options.header].flat() : [];
  const expected = signatureHeader(options.grammar ?? { kind: 'bare' });
  const grammar =
    spelling.isAnywhere === true
      ? signaturesAnywhere(expected, (text) => spelling.canonical(text) !== null)
      : expected;
  const content = signedContent(options.content ?? '${body}', options.signedUrl);
  const collect =
    'header' in options ? fromHeaders(headers, grammar) : fromField(fieldReader(options.signature), grammar);
  const needsFields = content.needsFields || !('header' in options);
  const parse = (text: string, unit: TimeUnit) =>
    parseTime(text, unit) ?? (spelling.isAnywhere === true ? looseTime(text) : null);
  const readValues = valueReader(timestamp, id, parse);
  const readFieldTime = fieldTimeReader(timestamp, parse);

  return {
    content,
    headerNames: [...headers, timestamp?.header, id?.header].filter((name) => name !== undefined),
    maximumSignatures: grammar.holdsSeveral ? LIMITS.signatures : headers.length,
    read: (request) => {
      const fields = needsFields ? new RequestFields(request) : undefined;
      const draft: Draft = { candidates: [], timestamp: undefined, id: undefined, signedAtMs: null, fields };
      return collect(request, draft) ?? spell(draft, spelling) ?? readValues(request, draft) ?? draft;
    },
    accept: (request, keyId, evidence, clock) => {
      const signedAtMs = readFieldTime === null ? evidence.signedAtMs : readFieldTime(request, evidence);
      if (timestamp === undefined) return { ok: true, keyId, signedAtMs };
      if (signedAtMs === null) return refused('signature_malformed');
      const isInTime = isTimely(signedAtMs, clock, timestamp.toleranceSeconds);
      return isInTime ? { ok: true, keyId, signedAtMs } : refused('timestamp_outside_tolerance');
    },
    mismatch: ({ candidates }) =>
      refused(
        isOnlyPlausible(spelling) && candidates.some((text) => spelling.canonical(text) === null)
          ? 'signature_malformed'
          : 'signature_mismatch',
      ),
    freshValues: (request, clock) => ({
      ...(timestamp === undefined ? {} : { timestamp: formatTime(clock.nowMs, timestamp.unit) }),
      ...(id === undefined ? {} : { id: messageId(request, id.header) }),
      ...(needsFields ? { fields: new RequestFields(request) } : {}),
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

/** Where every candidate is already canonical there is no second look: `base64-of-hex` has no canonical form of its digits. */
function isOnlyPlausible({ canonical, plausible }: SignatureSpelling): boolean {
  return plausible !== undefined && plausible !== canonical;
}

/** Evidence in the making: one object that is filled step by step, because every request takes this way. */
interface Draft extends CollectedSignatures {
  id: string | undefined;
  signedAtMs: number | null;
  readonly fields: RequestFields | undefined;
}

/** Puts what the request brought into the draft. */
type Collect = (request: SignedRequest, draft: Draft) => Refusal | null;

/** All signatures of the headers that are there. */
function fromHeaders(headers: readonly string[], grammar: SignatureHeader): Collect {
  const names = headers.map((name) => name.toLowerCase());
  return (request, draft) => {
    for (const name of names) {
      const reading = readHeader(request.headers, name);
      if (!reading.ok && reading.reason === 'signature_missing') continue;
      if (!reading.ok || !grammar.collect(reading.value, draft)) return refused('signature_malformed');
    }
    return draft.candidates.length === 0 ? refused('signature_missing') : null;
  };
}

function fromField(read: FieldReader, grammar: SignatureHeader): Collect {
  return (_request, draft) => {
    const value = draft.fields === undefined ? refused('signature_missing') : read(draft.fields);
    if (typeof value !== 'string') return value;
    return value.length <= LIMITS.headerBytes && grammar.collect(value, draft)
      ? null
      : refused('signature_malformed');
  };
}

/** Brings all signatures into canonical spelling; one that cannot be a signature spoils the rest. */
function spell(
  { candidates }: Draft,
  { canonical, plausible = canonical }: SignatureSpelling,
): Refusal | null {
  const spelling = candidates.length === 1 ? plausible : canonical;
  for (let index = 0; index < candidates.length; index += 1) {
    const spelled = spelling(candidates[index] ?? '');
    if (spelled === null) return refused('signature_malformed');
    candidates[index] = spelled;
  }
  return null;
}

/** {@link parseTime}, or something that takes more. */
type ParseTime = (text: string, unit: TimeUnit) => number | null;

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

function valueReader(
  timestamp: SignedRequestOptions['timestamp'],
  id: SignedRequestOptions['id'],
  parse: ParseTime,
): (request: SignedRequest, draft: Draft) => Refusal | null {
  const isTimeReadHere = timestamp !== undefined && placeOfTime(timestamp) === null;
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
    if (!isTimeReadHere) return null;
    draft.signedAtMs = draft.timestamp === undefined ? null : parse(draft.timestamp, timestamp.unit);
    return draft.signedAtMs === null ? refused('signature_malformed') : null;
  };
}

function placeOfTime({
  field,
  jsonPointer,
}: NonNullable<SignedRequestOptions['timestamp']>): FieldPlace | null {
  return field ?? (jsonPointer === undefined ? null : { json: jsonPointer });
}

/** May parse the body, so it is only called once the signature over it is known to be right. */
function fieldTimeReader(
  timestamp: SignedRequestOptions['timestamp'],
  parse: ParseTime,
): ((request: SignedRequest, evidence: Evidence) => number | null) | null {
  const place = timestamp === undefined ? null : placeOfTime(timestamp);
  if (timestamp === undefined || place === null) return null;
  const read = fieldReader(place);
  return (request, { fields = new RequestFields(request) }) => {
    const text = read(fields);
    return typeof text === 'string' ? parse(text, timestamp.unit) : null;
  };
}

/** The receiver knows a message again by its id, so a redelivery keeps the one that came. */
function messageId(request: SignedRequest, header: string): string {
  const reading = readHeader(request.headers, header.toLowerCase());
  return reading.ok ? reading.value : `msg_${randomBytes(18).toString('base64url')}`;
}
