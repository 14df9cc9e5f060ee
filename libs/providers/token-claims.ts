import { jsonPointer, type JsonReader, parseJson } from '#signatures';
import { json } from './locators.js';
import type { Locator } from './preset.js';

/**
 * Reads a value out of a compact JWS that is the body or stands in it. The callback has been verified, and so has the token.
 *
 * @param token where it stands: `body`, or an RFC 6901 pointer into the JSON body
 * @param pointers into the claims; where a claim is JSON as a text, the next one goes into that
 * @throws RangeError when a text is not a pointer
 * @example tokenClaim('body', '/data', '/eventType')
 */
export function tokenClaim(
  token: 'body' | { readonly json: string },
  ...pointers: readonly [string, ...string[]]
): Locator {
  const readToken = token === 'body' ? null : reader(token.json);
  const last = pointers.at(-1) ?? '';
  const outer = pointers.slice(0, -1).map(reader);
  const locate = json(last);
  return (callback) => {
    const text = readToken === null ? callback.body.toString('latin1') : readToken(callback.json);
    let document = claimsOf(text);
    for (const read of outer) document = parsed(read(document));
    return locate({ ...callback, json: document });
  };
}

function reader(pointer: string): JsonReader {
  const read = jsonPointer(pointer);
  if (read === null) throw new RangeError(`not a JSON pointer: ${pointer}`);
  return read;
}

function claimsOf(token: unknown): unknown {
  const payload = typeof token === 'string' ? token.split('.', 3)[1] : undefined;
  return payload === undefined ? undefined : parseJson(Buffer.from(payload, 'base64url'));
}

function parsed(text: unknown): unknown {
  return typeof text === 'string' ? parseJson(Buffer.from(text)) : undefined;
}
