import { isUtf8 } from 'node:buffer';

/** Reads the value at one place of a JSON document; `undefined` when nothing stands there. */
export type JsonReader = (document: unknown) => unknown;

/**
 * Compiles an RFC 6901 pointer.
 *
 * @param pointer `''` for the whole document, else beginning with `/`
 * @returns `null` when the text is no pointer
 * @example jsonPointer('/data/object/id')?.({ data: { object: { id: 'a' } } }) // 'a'
 */
export function jsonPointer(pointer: string): JsonReader | null {
  const tokens = tokensOf(pointer);
  return tokens === null ? null : (document) => valueAt(document, tokens);
}

/**
 * The body as JSON, or `undefined` when it is none. Only valid UTF-8 counts: replaced bytes would be other bytes.
 *
 * @example parseJson(Buffer.from('{}')) // {}
 */
export function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) return undefined;
  try {
    const text = body.toString();
    // A byte order mark may be ignored (RFC 8259 8.1), and fetch does.
    const value: unknown = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
    return value;
  } catch {
    return undefined;
  }
}

function tokensOf(pointer: string): readonly string[] | null {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return null;
  // `~1` before `~0`: the other way round `~01` would become `/` (RFC 6901 section 4).
  const unescape = (token: string) => token.replaceAll('~1', '/').replaceAll('~0', '~');
  return pointer.slice(1).split('/').map(unescape);
}

function valueAt(document: unknown, tokens: readonly string[]): unknown {
  let value = document;
  for (const token of tokens) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return undefined;
    // Arrays have own properties that are no elements (`length`), and `01` names no element.
    if (Array.isArray(value) && !/^(?:0|[1-9][0-9]*)$/.test(token)) return undefined;
    value = (value as Record<string, unknown>)[token];
  }
  return value;
}
