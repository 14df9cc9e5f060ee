/** A body as somebody else may have written it. */
export interface Spelling {
  /** Completes “the body …”. */
  readonly how: string;
  /** How many characters it takes to make, about: to be asked for before it is made. */
  readonly work: number;
  readonly make: () => string;
}

/** Deeper documents are no callbacks but somebody’s try to make this take long. */
const DEEPEST = 32;

/**
 * The same JSON document as other programs write it, the most usual first. What is the same as something before it, or as
 * the text received, is for the caller to pass over.
 *
 * @param received a text that may be JSON
 */
export function* jsonSpellings(received: string): Generator<Spelling> {
  const { depth, lines } = shapeOf(received);
  const document = depth > DEEPEST ? undefined : parse(received);
  if (document === undefined) return;
  const { value } = document;
  const { length } = received;
  const compact = once(() => JSON.stringify(value));
  const spaced = once(() => spacedOut(tokensOf(compact())));
  const raw = once(() => tokensOf(received));
  const sorted = once(() => JSON.stringify(sortedMembers(value)));
  const structure = length + lines * 6;
  const indentWork = (width: number): number => structure + lines * depth * width;
  const spelling = (how: string, work: number, make: () => string): Spelling => ({ how, work, make });

  yield spelling('written without spaces, as JSON.stringify does', structure, compact);
  yield spelling('written with spaces, as Python’s json.dumps does', structure * 3, () =>
    asciiOnly(spaced()),
  );
  yield spelling('written with spaces after commas and colons', structure * 3, spaced);
  yield spelling('indented by 2 spaces', indentWork(2), () => JSON.stringify(value, null, 2));
  // Parsed values lose how numbers were written, 1.0 say, and double members; the text keeps them.
  yield spelling('written without spaces', length * 8, () => raw().join(''));
  yield spelling('written with spaces after commas and colons', structure * 3, () => spacedOut(raw()));
  yield spelling('indented by 2 spaces', indentWork(2) * 2, () => indented(raw(), '  '));
  yield spelling('indented by 4 spaces', indentWork(4), () => JSON.stringify(value, null, 4));
  yield spelling('written without spaces and with \\u escapes', length * 2, () => asciiOnly(compact()));
  yield spelling('written as PHP’s json_encode does', length * 3, () => asciiOnly(slashed(compact())));
  yield spelling('written with \\/ for slashes', length * 2, () => slashed(compact()));
  yield spelling('written with \\u003c for <, as Go’s json.Marshal does', length * 4, () =>
    htmlSafe(compact()),
  );
  yield spelling('written with sorted keys', length * 4, sorted);
  yield spelling('written with sorted keys and spaces', length * 4, () =>
    asciiOnly(spacedOut(tokensOf(sorted()))),
  );
  yield spelling('written with sorted keys, as Go’s json.Marshal does', length * 4, () => htmlSafe(sorted()));
  yield spelling('indented by 4 spaces', indentWork(4) * 2, () => indented(raw(), '    '));
  yield spelling('indented by tabs', indentWork(1), () => JSON.stringify(value, null, '\t'));
  yield spelling(
    'indented, with a newline at its end',
    indentWork(2),
    () => `${JSON.stringify(value, null, 2)}\n`,
  );
  yield spelling('made a JSON string once more', length * 2, () => JSON.stringify(received));
  if (typeof value === 'string') yield spelling('taken out of its JSON string', length, () => value);
}

/** What parsing a text takes: each value costs more than a character. */
export function parsingWork(text: string): number {
  return text.length * 3 + shapeOf(text).lines * 12;
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** How deep a document is nested, and how many lines it has when it is indented; at most, for strings may hold brackets. */
function shapeOf(text: string): { depth: number; lines: number } {
  let [depth, deepest, lines] = [0, 0, 0];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, (depth += 1));
    else if (code === 0x7d || code === 0x5d) depth -= 1;
    else if (code !== 0x2c) continue;
    lines += 1;
  }
  return { depth: deepest, lines };
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

function asciiOnly(text: string): string {
  return text.replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function slashed(text: string): string {
  return text.replaceAll('/', '\\/');
}

function htmlSafe(text: string): string {
  return text.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
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
