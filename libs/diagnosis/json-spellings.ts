import { WORK } from './budget.js';
import type { JsonShape } from './json-shape.js';
import { numberSpellings } from './number-spellings.js';
import type { Spelling } from './spelling.js';

/** Deeper documents are no callbacks but somebody’s try to make this take long. */
const DEEPEST = 32;

/**
 * The same JSON document as other programs write it, the most usual first. What is the same as something before it, or as
 * the text received, is for the caller to pass over.
 *
 * @param received a text that may be JSON
 * @param shape of that text
 */
export function* jsonSpellings(received: string, shape: JsonShape): Generator<Spelling> {
  const document = shape.depth > DEEPEST ? undefined : parse(received);
  if (document === undefined) return;
  const writing = writingOf(received, document.value, shape);
  yield* likelySpellings(writing);
  yield* rareSpellings(writing);
  yield* asForm(writing);
  yield* numberSpellings(received);
}

/** A document, ways of writing it, and what they take. */
type Writing = ReturnType<typeof writingOf>;

function writingOf(received: string, value: unknown, { depth, lines, escapes }: JsonShape) {
  const { length } = received;
  const structure = length + lines * 6;
  const compact = once(() => JSON.stringify(value));
  return {
    received,
    value,
    compact,
    spaced: once(() => spacedOut(tokensOf(compact()))),
    raw: once(() => tokensOf(received)),
    sorted: once(() => JSON.stringify(sortedMembers(value))),
    twoSpaces: once(() => JSON.stringify(value, null, 2)),
    length,
    structure,
    escapes: Math.ceil((escapes * WORK.escape) / WORK.spelling),
    indentWork: (width: number): number => structure + lines * depth * width,
  };
}

function spelling(how: string, work: number, make: () => string): Spelling {
  return { how, work, make };
}

function* likelySpellings(writing: Writing): Generator<Spelling> {
  const { value, compact, spaced, raw, sorted, length, structure, escapes, indentWork } = writing;
  yield spelling('written without spaces, as JSON.stringify does', structure, compact);
  yield spelling('written with spaces, as Python’s json.dumps does', structure * 5 + escapes, () =>
    asciiOnly(spaced()),
  );
  yield spelling('written with spaces after commas and colons', structure * 4, spaced);
  yield spelling('indented by 2 spaces', indentWork(2), () => JSON.stringify(value, null, 2));
  // Parsed values lose how numbers were written, 1.0 say, and double members; the text keeps them.
  yield spelling('written without spaces', length * 8, () => raw().join(''));
  yield spelling('written with spaces after commas and colons', structure * 3, () => spacedOut(raw()));
  yield spelling('indented by 2 spaces', indentWork(2) * 2, () => indented(raw(), '  '));
  yield spelling('indented by 4 spaces', indentWork(4), () => JSON.stringify(value, null, 4));
  yield spelling('written without spaces and with \\u escapes', length * 2 + escapes, () =>
    asciiOnly(compact()),
  );
  yield spelling('written as PHP’s json_encode does', length * 3 + escapes, () =>
    asciiOnly(slashed(compact())),
  );
  yield spelling('written with \\/ for slashes', length * 2 + escapes, () => slashed(compact()));
  yield spelling('written with \\u003c for <, as Go’s json.Marshal does', length * 4 + escapes, () =>
    htmlSafe(compact()),
  );
  yield spelling('written with sorted keys', length * 6, sorted);
  yield spelling('written with sorted keys and spaces', length * 8 + escapes, () =>
    asciiOnly(spacedOut(tokensOf(sorted()))),
  );
  yield spelling('written with sorted keys, as Go’s json.Marshal does', length * 6 + escapes, () =>
    htmlSafe(sorted()),
  );
}

function* rareSpellings(writing: Writing): Generator<Spelling> {
  const { received, value, compact, spaced, raw, sorted, twoSpaces, length, structure, escapes, indentWork } =
    writing;
  yield spelling('indented by 4 spaces', indentWork(4) * 2, () => indented(raw(), '    '));
  yield spelling(
    'written with spaces, as Python’s json.dumps does, with a newline at its end',
    structure + escapes,
    () => `${asciiOnly(spaced())}\n`,
  );
  yield spelling('indented by 2 spaces and with \\u escapes', indentWork(2) + escapes, () =>
    asciiOnly(twoSpaces()),
  );
  yield spelling('indented by 2 spaces, as Go’s json.MarshalIndent does', indentWork(2) + escapes, () =>
    htmlSafe(twoSpaces()),
  );
  yield spelling('written with sorted keys and spaces, but no \\u escapes', length * 8, () =>
    spacedOut(tokensOf(sorted())),
  );
  yield spelling('indented by tabs', indentWork(1), () => JSON.stringify(value, null, '\t'));
  yield spelling('indented, with a newline at its end', indentWork(2), () => `${twoSpaces()}\n`);
  yield spelling('indented by 2 spaces, with CRLF line breaks', indentWork(2) * 2, () =>
    twoSpaces().replaceAll('\n', '\r\n'),
  );
  yield spelling('indented by 4 spaces, as PHP’s JSON_PRETTY_PRINT does', indentWork(4) * 2 + escapes, () =>
    asciiOnly(slashed(JSON.stringify(value, null, 4))),
  );
  yield spelling('written as .NET’s System.Text.Json does', length * 6 + escapes, () => dotNet(compact()));
  yield spelling('written without spaces and with upper-case \\u escapes', length * 2 + escapes, () =>
    asciiOnly(compact(), upperCase),
  );
  yield spelling('written as Gson does', length * 4 + escapes, () => htmlSafe(compact(), /[<>&=']/g));
  yield spelling('written with sorted keys and \\u escapes', length * 6 + escapes, () => asciiOnly(sorted()));
  yield spelling('made a JSON string once more', length * 2, () => JSON.stringify(received));
  if (typeof value === 'string') yield spelling('taken out of its JSON string', length, () => value);
}

/** Gateways make JSON of forms. */
function* asForm({ value, length }: Writing): Generator<Spelling> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const members = Object.entries(value);
  const isFlat = members.every(([, member]) => typeof member === 'string' || typeof member === 'number');
  if (!isFlat || members.length === 0) return;
  const form = once(() => new URLSearchParams(value as Record<string, string>).toString());
  const how = 'as a form, before it was made JSON';
  yield spelling(how, length * 10, form);
  yield spelling(how, length * 2, () => form().replaceAll('+', '%20'));
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** Strings, and what stands between them without white space. The text is JSON. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  let index = 0;
  while (index < text.length) {
    const character = text.charCodeAt(index);
    let end = index + 1;
    if (character === QUOTE) end = stringEnd(text, index);
    else if (isWhiteSpace(character)) {
      index = end;
      continue;
    } else if (!isPunctuation(character))
      while (end < text.length && !isWhiteSpace(text.charCodeAt(end)) && !isPunctuation(text.charCodeAt(end)))
        end += 1;
    tokens.push(text.slice(index, end));
    index = end;
  }
  return tokens;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** `{ } [ ] : ,` */
function isPunctuation(code: number): boolean {
  return code === 0x7b || code === 0x7d || code === 0x5b || code === 0x5d || code === 0x3a || code === 0x2c;
}

function spacedOut(tokens: readonly string[]): string {
  let text = '';
  for (const token of tokens) text += token === ',' || token === ':' ? `${token} ` : token;
  return text;
}

function indented(tokens: readonly string[], indent: string): string {
  let text = '';
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    const isEmpty = CLOSING.includes(tokens[index + 1] ?? '') && OPENING.includes(token);
    if (CLOSING.includes(token) && !OPENING.includes(tokens[index - 1] ?? ''))
      text += `\n${indent.repeat((depth -= 1))}`;
    else if (CLOSING.includes(token)) depth -= 1;
    text += token === ':' ? ': ' : token;
    if (OPENING.includes(token)) depth += 1;
    if ((OPENING.includes(token) && !isEmpty) || token === ',') text += `\n${indent.repeat(depth)}`;
  }
  return text;
}

const OPENING: readonly string[] = ['{', '['];
const CLOSING: readonly string[] = ['}', ']'];

const lowerCase = (hex: string): string => hex;
const upperCase = (hex: string): string => hex.toUpperCase();

function asciiOnly(text: string, digits = lowerCase): string {
  return text.replace(/[\u007f-\uffff]/g, (character) => escaped(character, digits));
}

function escaped(character: string, digits = lowerCase): string {
  return `\\u${digits(character.charCodeAt(0).toString(16).padStart(4, '0'))}`;
}

/** Escapes whatever could mean something in HTML, too, quotation marks among it. */
function dotNet(text: string): string {
  const inText = text.replaceAll('\\"', '\\u0022');
  return asciiOnly(inText, upperCase).replace(/[<>&'+`]/g, (character) => escaped(character, upperCase));
}

function slashed(text: string): string {
  return text.replaceAll('/', '\\/');
}

function htmlSafe(text: string, unsafe = /[<>&]/g): string {
  return text.replace(unsafe, (character) => escaped(character));
}

function sortedMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedMembers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sortedMembers(member)]),
  );
}
