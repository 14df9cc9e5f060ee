import { jsonPointer, type HeaderPairs } from '#signatures';
import type { Locator } from './preset.js';

/**
 * Reads a header.
 *
 * @param name in any case
 * @returns a locator; `null` where the header is missing or stands there twice
 * @example header('Upstash-Message-Id')
 */
export function header(name: string): Locator {
  const wanted = name.toLowerCase();
  return ({ headers }) => fact(onlyValue(headers, wanted));
}

/**
 * Reads a value of the JSON body by its RFC 6901 pointer.
 *
 * @param pointer `''` for the whole document, else beginning with `/`
 * @throws RangeError when the text is not a pointer
 * @example json('/data/object/id')
 */
export function json(pointer: string): Locator {
  const read = jsonPointer(pointer);
  if (read === null) throw new RangeError(`not a JSON pointer: ${pointer}`);
  return ({ json: document }) => fact(read(document));
}

/**
 * The first of several facts that is there.
 *
 * @example firstOf(json('/run_id'), json('/batch_id'))
 */
export function firstOf(...locators: readonly Locator[]): Locator {
  return (callback) => {
    for (const locator of locators) {
      const found = locator(callback);
      if (found !== null) return found;
    }
    return null;
  };
}

/**
 * Several facts as one, which is there only when all of them are.
 *
 * @param separator stands between them
 * @example joined(':', json('/run_id'), json('/event')) // 'run_1:run.completed'
 */
export function joined(separator: string, ...locators: readonly Locator[]): Locator {
  return (callback) => {
    const found = locators.map((locator) => locator(callback));
    return found.includes(null) ? null : fact(found.join(separator));
  };
}

function onlyValue(headers: HeaderPairs, lowerCaseName: string): string | null {
  const found = headers.filter(([name]) => name.toLowerCase() === lowerCaseName);
  return found.length === 1 ? (found[0]?.[1] ?? null) : null;
}

/** A value as a fact: a well-formed, storable text of any length, or nothing. PostgreSQL's text takes no NUL. */
function fact(value: unknown): string | null {
  const text = typeof value === 'number' ? decimal(value) : value;
  if (typeof text !== 'string' || text === '') return null;
  return text.includes('\0') || !isWellFormed(text) ? null : text;
}

/** Beyond 2^53 two different ids in the body may have become one number, so such a number identifies nothing. */
function decimal(value: number): string | null {
  return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))
    ? String(value)
    : null;
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
