import type { HeaderPairs, RefusalReason, Verdict } from './scheme.js';

/** The refusing half of a {@link Verdict}. */
export type Refusal = Extract<Verdict, { ok: false }>;

/** Upper bounds that are checked before any cryptography, so that a hostile header costs nothing. */
export const LIMITS = { headerBytes: 4096, signatures: 8, idBytes: 256 } as const;

const REFUSALS = new Map<RefusalReason, Refusal>();

/**
 * The refusal for a reason, one shared frozen object each.
 *
 * @param reason one of the closed set
 * @example refused('signature_missing') // { ok: false, reason: 'signature_missing' }
 */
export function refused(reason: RefusalReason): Refusal {
  const known = REFUSALS.get(reason);
  if (known !== undefined) return known;
  const refusal = Object.freeze({ ok: false, reason } as const);
  REFUSALS.set(reason, refusal);
  return refusal;
}

/** What looking up a header gave: its one value, or why there is none to use. */
export type HeaderReading = { readonly ok: true; readonly value: string } | Refusal;

/**
 * Reads a header that belongs to a signature: it must stand there exactly once and be at most 4 KiB.
 *
 * Two lines of the same name are refused, even equal ones: the app behind might read the other one (RFC 9110 5.3).
 *
 * @param headers as they stood on the wire
 * @param lowerCaseName the wanted name, lower case
 * @returns `signature_missing` when absent, `signature_malformed` when repeated or too long
 * @example readHeader([['X-Signature', 'ab']], 'x-signature') // { ok: true, value: 'ab' }
 */
export function readHeader(headers: HeaderPairs, lowerCaseName: string): HeaderReading {
  let found: string | undefined;
  for (const pair of headers) {
    const name = pair[0];
    if (name.length !== lowerCaseName.length) continue;
    if (name !== lowerCaseName && name.toLowerCase() !== lowerCaseName) continue;
    if (found !== undefined) return refused('signature_malformed');
    found = pair[1];
  }
  if (found === undefined) return refused('signature_missing');
  if (found.length > LIMITS.headerBytes) return refused('signature_malformed');
  return { ok: true, value: found };
}

/**
 * The headers of a Node request, as they stood on the wire.
 *
 * @param rawHeaders `request.rawHeaders`: names and values in turn. `request.headers` will not do, it hides repeated ones
 * @example headerPairs(['Host', 'a.example', 'Accept', 'text/html']) // [['Host', 'a.example'], ['Accept', 'text/html']]
 */
export function headerPairs(rawHeaders: readonly string[]): HeaderPairs {
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return pairs;
}

/**
 * How signatures sit in their header.
 *
 * - `bare`: the whole value is `prefix` + signature (GitHub's `sha256=…`, or nothing in front).
 * - `list`: several of those, parted by `separator`; entries with another prefix are other versions and are passed over.
 * - `fields`: `name=value` pairs parted by `separator`; the pairs called `signature` are signatures, the one called
 *   `timestamp` is the signed time, all others are passed over. With `groupSeparator` there may be several such rows, one
 *   for each live secret (`t=1,v1=ab t=1,v1=cd`); they must agree on the time. With `keyId` each signature stands behind the
 *   id of its key and a colon (`v1=k1:ab`); a fresh one is written with this id.
 * - `positional`: the signed time and one or more signatures behind it, parted by `separator` (`1700000000,ab,cd`).
 */
export type HeaderGrammar =
  | { readonly kind: 'bare'; readonly prefix?: string }
  | { readonly kind: 'list'; readonly separator: string; readonly prefix?: string }
  | {
      readonly kind: 'fields';
      readonly separator: string;
      readonly signature: string;
      readonly timestamp?: string;
      readonly groupSeparator?: string;
      readonly keyId?: string;
    }
  | { readonly kind: 'positional'; readonly separator: string };

/** What stands in signature headers, as it is collected. */
export interface CollectedSignatures {
  /** Texts that claim to be signatures, undecoded. */
  readonly candidates: string[];
  timestamp?: string | undefined;
}

/** Reads and writes the value of a signature header. */
export interface SignatureHeader {
  /** Adds what stands in the value; `false` when it does not follow the grammar or there are more than 8 signatures. */
  readonly collect: (value: string, into: CollectedSignatures) => boolean;
  readonly format: (signatures: readonly string[], timestamp?: string) => string;
  readonly holdsSeveral: boolean;
}

/**
 * The reader and writer of one header grammar.
 *
 * @example signatureHeader({ kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' }).format(['ab'], '1') // 't=1,v1=ab'
 */
export function signatureHeader(grammar: HeaderGrammar): SignatureHeader {
  switch (grammar.kind) {
    case 'bare':
      return bare(grammar.prefix ?? '');
    case 'list':
      return list(grammar.separator, grammar.prefix ?? '');
    case 'fields':
      return grammar.groupSeparator === undefined ? fields(grammar) : groups(grammar, grammar.groupSeparator);
    case 'positional':
      return positional(grammar.separator);
  }
}

/**
 * Takes signatures from wherever they stand in a header. For finding out what a sender does, never for letting a request in.
 *
 * @param expected the grammar of the header; the signed time is read by it
 * @param isSignature tells what can be a signature
 */
export function signaturesAnywhere(
  expected: SignatureHeader,
  isSignature: (text: string) => boolean,
): SignatureHeader {
  const collect: SignatureHeader['collect'] = (value, into) => {
    const { timestamp, ...own }: CollectedSignatures = collected(value.replaceAll('"', ''), expected);
    if (timestamp !== undefined) into.timestamp = timestamp.split(/[,;\s]/, 1)[0] ?? '';
    const texts = new Set([...own.candidates, ...piecesOf(value)].filter(isSignature));
    into.candidates.push(...[...texts].slice(0, LIMITS.signatures));
    return texts.size > 0;
  };
  return { ...expected, collect };
}

function collected(value: string, { collect }: SignatureHeader): CollectedSignatures {
  const found: CollectedSignatures = { candidates: [] };
  collect(value, found);
  return found;
}

/** What stands between commas, semicolons and blanks, and that again without its names (`sha256=v1=`) or quotation marks. */
function piecesOf(value: string): string[] {
  const pieces = value.split(/[\s,;]+/, 32).map((piece) => piece.replaceAll(/["']/g, ''));
  return pieces.flatMap((piece) => {
    const names = [...piece.matchAll(/[=:]/g)].slice(0, 3);
    return [piece, ...names.map(({ index }) => piece.slice(index + 1))];
  });
}

function bare(prefix: string): SignatureHeader {
  return {
    holdsSeveral: false,
    collect: (value, into) => value.startsWith(prefix) && add(value.slice(prefix.length), into),
    format: (signatures) => prefix + (signatures[0] ?? ''),
  };
}

function list(separator: string, prefix: string): SignatureHeader {
  return {
    holdsSeveral: true,
    collect: (value, into) => {
      if (!value.includes(separator))
        return value.startsWith(prefix) && add(value.slice(prefix.length), into);
      const before = into.candidates.length;
      const isWellFormed = everyEntry(
        value,
        separator,
        (start, end) =>
          !value.startsWith(prefix, start) || add(value.slice(start + prefix.length, end), into),
      );
      return isWellFormed && into.candidates.length > before;
    },
    format: (signatures) => signatures.map((signature) => prefix + signature).join(separator),
  };
}

type FieldsGrammar = Extract<HeaderGrammar, { kind: 'fields' }>;

function fields({ separator, signature, timestamp, keyId }: FieldsGrammar): SignatureHeader {
  const signatureStart = `${signature}=`;
  const freshStart = keyId === undefined ? signatureStart : `${signatureStart}${keyId}:`;
  const timestampStart = timestamp === undefined ? null : `${timestamp}=`;
  return {
    holdsSeveral: true,
    collect: (value, into) => {
      const before = into.candidates.length;
      const isWellFormed = everyEntry(value, separator, (start, end) => {
        if (value.startsWith(signatureStart, start)) {
          const text = value.slice(start + signatureStart.length, end);
          return add(keyId === undefined ? text : text.slice(text.indexOf(':') + 1), into);
        }
        if (timestampStart === null || !value.startsWith(timestampStart, start)) return true;
        // Two times: the one that is checked and the one that is signed could be different ones.
        if (into.timestamp !== undefined) return false;
        into.timestamp = value.slice(start + timestampStart.length, end);
        return true;
      });
      return isWellFormed && into.candidates.length > before;
    },
    format: (signatures, time) => {
      const pairs = signatures.map((text) => freshStart + text);
      if (timestampStart !== null && time !== undefined) pairs.unshift(timestampStart + time);
      return pairs.join(separator);
    },
  };
}

function groups(grammar: FieldsGrammar, groupSeparator: string): SignatureHeader {
  const group = fields(grammar);
  return {
    holdsSeveral: true,
    collect: (value, into) =>
      everyEntry(value, groupSeparator, (start, end) => {
        const own: CollectedSignatures = { candidates: [] };
        if (!group.collect(value.slice(start, end), own)) return false;
        if (into.timestamp !== undefined && own.timestamp !== into.timestamp) return false;
        into.timestamp = own.timestamp;
        return own.candidates.every((signature) => add(signature, into));
      }),
    format: (signatures, time) =>
      signatures.map((signature) => group.format([signature], time)).join(groupSeparator),
  };
}

function positional(separator: string): SignatureHeader {
  const signatures = list(separator, '');
  return {
    holdsSeveral: true,
    collect: (value, into) => {
      const timeEnd = value.indexOf(separator);
      if (timeEnd === -1) return false;
      into.timestamp = value.slice(0, timeEnd);
      return signatures.collect(value.slice(timeEnd + separator.length), into);
    },
    format: (texts, time = '') => [time, ...texts].join(separator),
  };
}

function add(signature: string, { candidates }: CollectedSignatures): boolean {
  return candidates.push(signature) <= LIMITS.signatures;
}

/** Walks through the entries of a list without cutting it up first; one blank after a separator is allowed (`t=1, v1=ab`). */
function everyEntry(
  value: string,
  separator: string,
  visit: (start: number, end: number) => boolean,
): boolean {
  for (let start = 0; start <= value.length;) {
    const found = value.indexOf(separator, start);
    const end = found === -1 ? value.length : found;
    const isBlankFirst = separator !== ' ' && value.startsWith(' ', start);
    if (!visit(isBlankFirst ? start + 1 : start, end)) return false;
    start = end + separator.length;
  }
  return true;
}
