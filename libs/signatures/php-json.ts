import { refused, type Refusal } from './headers.js';
import { parseJson } from './json-pointer.js';

/**
 * One member of a JSON body in the spelling of PHP's `json_encode`: no white space, `\/` for a slash and `\u` escapes for
 * everything beyond ASCII. It is made of the text received and not of parsed values, so that numbers and the order of the
 * members stay as they are.
 *
 * @returns a refusal when the body is no JSON object, or when the member is not there exactly once
 * @example phpMember(Buffer.from('{"a": {"b": "é/"}}'), 'a') // '{"b":"\u00e9\/"}'
 */
export function phpMember(body: Buffer, name: string): string | Refusal {
  const document = parseJson(body);
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return refused('signature_malformed');
  const found = membersCalled(name, tokensOf(body.toString()));
  const [only] = found;
  if (only === undefined) return refused('signature_missing');
  return found.length === 1 ? only : refused('signature_malformed');
}

/** Strings, brackets, colons and commas, and what stands between them; white space is gone. */
function* tokensOf(text: string): Generator<string> {
  // Strings cannot be walked through by a regular expression: a long one would exhaust its stack.
  for (let index = 0; index < text.length;) {
    const end = text[index] === '"' ? stringEnd(text, index) : index + 1;
    const token = text.slice(index, end);
    if (!/[\s\uFEFF]/.test(token[0] ?? '')) yield token;
    index = end;
  }
}

function stringEnd(text: string, start: number): number {
  let index = start + 1;
  while (text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}

/** The values of all members of the outermost object that have this name, respelled. */
function membersCalled(name: string, tokens: Iterable<string>): readonly string[] {
  const values: string[] = [];
  let value: string[] | null = null;
  let depth = 0;
  let key = '';
  for (const token of tokens) {
    if (token === '}' || token === ']') depth -= 1;
    if (depth === 0 || (depth === 1 && token === ',')) {
      if (value !== null) values.push(value.join(''));
      value = null;
    } else if (value !== null) {
      value.push(token.startsWith('"') ? respelled(token) : token);
    } else if (depth === 1 && token === ':') {
      if (JSON.parse(key) === name) value = [];
    } else if (depth === 1 && token.startsWith('"')) {
      key = token;
    }
    if (token === '{' || token === '[') depth += 1;
  }
  return values;
}

function respelled(token: string): string {
  return JSON.stringify(JSON.parse(token))
    .replaceAll('/', '\\/')
    .replace(/[^\x20-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
