import type { HeaderPairs } from '#signatures';
import { type Budget, WORK } from './budget.js';
import { isAscii } from 'node:buffer';
import { jsonSpellings } from './json-spellings.js';
import { shapeOfJson } from './json-shape.js';
import type { DiagnosisFacts } from './refused.js';
import type { Spelling } from './spelling.js';
import { taken } from './taken.js';

/** A body that the signature may have been made for. */
export interface BodyVariant {
  readonly body: Buffer;
  /** Completes “The signature fits the body …”. */
  readonly how: string;
  /** Whether the same document was written in another way; else single bytes were added, lost or changed. */
  readonly isReserialized: boolean;
}

/** What bodies are made with. */
export interface Means {
  readonly budget: Budget;
  readonly decompressed: DiagnosisFacts['decompressed'];
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const MOST_DECOMPRESSED_BYTES = 64 * 1024;
/** Documents have many spellings: after these what happens to bytes is tried, and then the rest. */
const LIKELY_SPELLINGS = 10;

/** Bodies that the one received may have been before somebody changed it, the likeliest first. Ends with the budget. */
export function* bodyVariants(body: Buffer, headers: HeaderPairs, means: Means): Generator<BodyVariant> {
  const { budget } = means;
  yield* unpacked(body, headers, means);
  yield* withoutLineEnd(body);
  const seen = [body];
  const spellings = spellingsOf(body, headers, budget);
  for (const spelling of taken(spellings, 1)) yield* made(spelling, seen, budget);
  yield* withLineEnd(body);
  for (const spelling of taken(spellings, LIKELY_SPELLINGS)) yield* made(spelling, seen, budget);
  for (const spelling of characterSpellings(body, budget)) yield* made(spelling, seen, budget);
  for (const spelling of taken(spellings, Infinity)) yield* made(spelling, seen, budget);
}

function* made(spelling: Spelling, seen: Buffer[], budget: Budget): Generator<BodyVariant> {
  const { how, work, make, isReserialized = true } = spelling;
  if (!budget.spend(work * WORK.spelling)) return;
  const made = make();
  const body = typeof made === 'string' ? Buffer.from(made) : made;
  if (seen.some((one) => one.equals(body))) return;
  seen.push(body);
  yield { body, how, isReserialized };
}

const ENCODINGS = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', br: 'br' } as const;

/** What was signed before it was compressed, or put into base64 as gateways in front of functions do. */
function* unpacked(
  body: Buffer,
  headers: HeaderPairs,
  { budget, decompressed }: Means,
): Generator<BodyVariant> {
  const encoding = encodingOf(body, headers);
  if (encoding !== null && budget.spend(MOST_DECOMPRESSED_BYTES * WORK.decompression)) {
    const before = decompressed?.(body, encoding, MOST_DECOMPRESSED_BYTES) ?? null;
    const how = `decompressed: it was signed before it was compressed with ${encoding}`;
    if (before !== null) yield { body: before, how, isReserialized: false };
  }
  if (mayBeBase64(body) && budget.spend(body.length * WORK.reading)) {
    const before = Buffer.from(body.toString('latin1'), 'base64');
    if (before.toString('base64') === body.toString('latin1'))
      yield {
        body: before,
        how: 'decoded from base64, which was put on it afterwards',
        isReserialized: false,
      };
  }
}

function mayBeBase64(body: Buffer): boolean {
  return body.length >= 8 && body.length % 4 === 0 && /^[\w+/]{8}/.test(body.toString('latin1', 0, 8));
}

function encodingOf(body: Buffer, headers: HeaderPairs): 'gzip' | 'deflate' | 'br' | null {
  if (body[0] === 0x1f && body[1] === 0x8b) return 'gzip';
  const [, told = ''] = headers.find(([name]) => name.toLowerCase() === 'content-encoding') ?? [];
  const name = told.trim().toLowerCase();
  return Object.entries(ENCODINGS).find(([known]) => known === name)?.[1] ?? null;
}

function* withoutLineEnd(body: Buffer): Generator<BodyVariant> {
  const change = (changed: Buffer, how: string): BodyVariant => ({
    body: changed,
    how,
    isReserialized: false,
  });
  const isEnded = body.at(-1) === LINE_FEED;
  const isCrlf = isEnded && body.at(-2) === 0x0d;
  if (isCrlf) yield change(body.subarray(0, -2), 'without the CRLF at its end: a trailing newline was added');
  if (isEnded)
    yield change(body.subarray(0, -1), 'without the newline at its end: a trailing newline was added');
}

function* withLineEnd(body: Buffer): Generator<BodyVariant> {
  if (body.length === 0) return;
  for (const [text, name] of [
    ['\n', 'newline'],
    ['\r\n', 'CRLF'],
  ] as const)
    yield {
      body: Buffer.concat([body, Buffer.from(text)]),
      how: `with a ${name} at its end: a trailing newline was lost`,
      isReserialized: false,
    };
}

function* spellingsOf(body: Buffer, headers: HeaderPairs, budget: Budget): Generator<Spelling> {
  if (!budget.spend(body.length * WORK.reading)) return;
  const text = body.toString();
  if (/^\s{0,64}[[{"]/.test(text)) {
    const shape = shapeOfJson(body);
    const work = body.length * WORK.parsing + shape.lines * WORK.value;
    if (budget.spend(work)) yield* jsonSpellings(text, shape);
  } else if (isForm(text, headers)) yield* formSpellings(text);
}

function isForm(text: string, headers: HeaderPairs): boolean {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return type.toLowerCase().includes('urlencoded') || /^[\w.[\]%+-]{1,64}=[^\s<>{}"]*$/.test(text);
}

/** Taking a form apart takes ten times as long as copying it. */
const FORM_WORK = 10;

function* formSpellings(text: string): Generator<Spelling> {
  const encoded = (): string => new URLSearchParams(text).toString();
  const lowerCase = (escapes: string): string => escapes.replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase());
  const spelling = (make: () => string, work = FORM_WORK): Spelling => ({
    how: 'with its form fields encoded in another way',
    work: text.length * work,
    make,
  });
  yield spelling(encoded);
  yield spelling(() => encoded().replaceAll('+', '%20'));
  yield spelling(() => lowerCase(text), 4);
  yield spelling(() => text.replace(/%[0-9a-f]{2}/g, (one) => one.toUpperCase()), 4);
  yield spelling(() => lowerCase(encoded()), FORM_WORK + 4);
  yield {
    how: 'as JSON, before it was made a form',
    work: text.length * FORM_WORK * 2,
    make: () => JSON.stringify(Object.fromEntries(new URLSearchParams(text))),
  };
}

/** What editors, proxies and wrong character sets do to single bytes. */
function* characterSpellings(body: Buffer, budget: Budget): Generator<Spelling> {
  if (!budget.spend(body.length * WORK.reading)) return;
  const text = body.toString();
  const spelling = (how: string, make: () => Buffer | string, work = 2): Spelling => ({
    how,
    work: body.length * work,
    make,
    isReserialized: false,
  });
  if (text.includes('\r\n'))
    yield spelling('with LF for CRLF line breaks', () => text.replaceAll('\r\n', '\n'), 4);
  else if (text.includes('\n'))
    yield spelling('with CRLF for LF line breaks', () => text.replaceAll('\n', '\r\n'), 4);
  yield body.subarray(0, 3).equals(BYTE_ORDER_MARK)
    ? spelling('without its byte order mark', () => body.subarray(3))
    : spelling('with a byte order mark', () => Buffer.concat([BYTE_ORDER_MARK, body]));
  yield spelling('without the white space around it', () => text.trim());
  if (!isAscii(body)) {
    yield spelling('as Latin-1 instead of UTF-8', () => Buffer.from(text, 'latin1'));
    yield spelling('taken for Latin-1 and made UTF-8 once more', () => body.toString('latin1'), 3);
  }
  if (body.length > 0) yield spelling('without any content: an empty body was signed', () => '', 0);
}
