import type { HeaderPairs } from '#signatures';
import { type Budget, WORK } from './budget.js';
import { jsonSpellings, parsingWork, type Spelling } from './json-spellings.js';

/** A body that the signature may have been made for. */
export interface BodyVariant {
  readonly body: Buffer;
  /** Completes “The signature fits the body …”. */
  readonly how: string;
  /** Whether the same document was written in another way; else single bytes were added, lost or changed. */
  readonly isReserialized: boolean;
}

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** Bodies that the one received may have been before somebody changed it, the likeliest first. Ends with the budget. */
export function* bodyVariants(body: Buffer, headers: HeaderPairs, budget: Budget): Generator<BodyVariant> {
  yield* lineEnds(body);
  const seen = new Set([body.toString('latin1')]);
  for (const { how, work, make } of spellingsOf(body, headers, budget)) {
    if (!budget.spend(work * WORK.spelling)) continue;
    const changed = Buffer.from(make());
    const text = changed.toString('latin1');
    if (!seen.has(text)) yield { body: changed, how, isReserialized: true };
    seen.add(text);
  }
  if (budget.spend(body.length * WORK.spelling)) yield* characters(body);
}

function* lineEnds(body: Buffer): Generator<BodyVariant> {
  const change = (changed: Buffer, how: string): BodyVariant => ({
    body: changed,
    how,
    isReserialized: false,
  });
  const isEnded = body.at(-1) === LINE_FEED;
  if (isEnded)
    yield change(body.subarray(0, -1), 'without the newline at its end: a trailing newline was added');
  if (isEnded && body.at(-2) === 0x0d)
    yield change(body.subarray(0, -2), 'without the CRLF at its end: a trailing newline was added');
  if (body.length === 0) return;
  const added = (text: string): Buffer => Buffer.concat([body, Buffer.from(text)]);
  yield change(added('\n'), 'with a newline at its end: a trailing newline was lost');
  yield change(added('\r\n'), 'with a CRLF at its end: a trailing newline was lost');
}

function* spellingsOf(body: Buffer, headers: HeaderPairs, budget: Budget): Generator<Spelling> {
  if (!budget.spend(body.length)) return;
  const text = body.toString();
  if (/^\s{0,64}[[{"]/.test(text) && budget.spend(parsingWork(text))) yield* jsonSpellings(text);
  else if (isForm(headers)) yield* formSpellings(text);
}

function isForm(headers: HeaderPairs): boolean {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return type.toLowerCase().includes('urlencoded');
}

function* formSpellings(text: string): Generator<Spelling> {
  const encoded = new URLSearchParams(text).toString();
  const how = 'with its form fields encoded in another way';
  for (const spelling of [encoded, encoded.replaceAll('+', '%20')])
    yield { how, work: text.length * 2, make: () => spelling };
}

/** What editors, proxies and wrong character sets do to single bytes. */
function* characters(body: Buffer): Generator<BodyVariant> {
  const text = body.toString();
  const variants: (readonly [Buffer | string, string])[] = [];
  if (text.includes('\r\n')) variants.push([text.replaceAll('\r\n', '\n'), 'with LF for CRLF line breaks']);
  else if (text.includes('\n'))
    variants.push([text.replaceAll('\n', '\r\n'), 'with CRLF for LF line breaks']);
  variants.push(
    body.subarray(0, 3).equals(BYTE_ORDER_MARK)
      ? [body.subarray(3), 'without its byte order mark']
      : [Buffer.concat([BYTE_ORDER_MARK, body]), 'with a byte order mark'],
  );
  variants.push([text.trim(), 'without the white space around it']);
  if (body.some((byte) => byte > 0x7f)) {
    variants.push([Buffer.from(text, 'latin1'), 'as Latin-1 instead of UTF-8']);
    variants.push([body.toString('latin1'), 'taken for Latin-1 and made UTF-8 once more']);
  }
  variants.push(['', 'without any content: an empty body was signed']);
  for (const [changed, how] of variants) {
    const bytes = typeof changed === 'string' ? Buffer.from(changed) : changed;
    if (!bytes.equals(body)) yield { body: bytes, how, isReserialized: false };
  }
}
