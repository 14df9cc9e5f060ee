import type { Claims } from './compact-jws.js';
import { spellingProblem } from './encoding.js';
import { jsonPointer } from './json-pointer.js';
import type { PreparedKey } from './scheme.js';

/** Claims that a token must have, by name; a list in the token must contain the value (as `aud` may be one). */
export type ExpectedClaims = Readonly<Record<string, string | boolean>>;

/**
 * What a pasted text says of the messages meant for whoever pasted it.
 *
 * @param plainText e.g. an audience
 * @param read makes expectations of it; `null` when it cannot be that
 */
export function prepareExpectation<Material extends object>(
  plainText: string,
  read: (plainText: string) => Material | null,
): PreparedKey<Material> {
  const problem = spellingProblem(plainText);
  if (problem !== null) return { ok: false, problem: problem.replace('secret', 'text') };
  const material = read(plainText);
  // Expecting nothing would accept everything that this provider ever signed, for anybody.
  if (material === null || Object.keys(material).length === 0) {
    return { ok: false, problem: 'the text does not say whom the messages are for' };
  }
  return { ok: true, material };
}

/**
 * Do the claims say what is expected?
 *
 * @example meets({ aud: ['a', 'b'] }, { aud: 'a' }) // true
 */
export function meets(claims: Claims, expected: ExpectedClaims): boolean {
  return Object.entries(expected).every(([name, value]) => isOrContains(claims[name], value));
}

/**
 * Does the document have these values at these RFC 6901 pointers?
 *
 * @example meetsAt({ data: { bundleId: 'com.example' } }, { '/data/bundleId': 'com.example' }) // true
 */
export function meetsAt(document: unknown, expected: ExpectedClaims): boolean {
  return Object.entries(expected).every(([pointer, value]) =>
    isOrContains(jsonPointer(pointer)?.(document), value),
  );
}

function isOrContains(claimed: unknown, value: string | boolean): boolean {
  return Array.isArray(claimed) ? claimed.includes(value) : claimed === value;
}
