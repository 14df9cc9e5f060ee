import { hash } from 'node:crypto';
import type { Claims } from './compact-jws.js';
import { digestText } from './encoding.js';
import { refused, type Refusal } from './headers.js';

const DIGESTS = {
  base64url: digestText('sha256', 'base64url'),
  base64: digestText('sha256', 'base64'),
  hex: digestText('sha256', 'hex'),
} as const;

/**
 * A time that is there must be a number and fit; one that is not there is not asked for (RFC 7519 4.1.4 to 4.1.6).
 *
 * @example judgeTimes({ exp: 1700000000 }, 1700000000, 0) // { ok: false, reason: 'timestamp_outside_tolerance' }
 */
export function judgeTimes(claims: Claims, nowSeconds: number, toleranceSeconds: number): Refusal | null {
  const { exp, nbf, iat } = claims;
  if (!isNumberOrAbsent(exp) || !isNumberOrAbsent(nbf) || !isNumberOrAbsent(iat))
    return refused('claim_invalid');
  // The moment of expiry itself is too late; the moment of `nbf` is not too early. `nbf` may be 0 or negative.
  if (exp !== undefined && exp <= nowSeconds - toleranceSeconds)
    return refused('timestamp_outside_tolerance');
  if (nbf !== undefined && nbf > nowSeconds + toleranceSeconds) return refused('timestamp_outside_tolerance');
  return null;
}

function isNumberOrAbsent(value: unknown): value is number | undefined {
  return value === undefined || typeof value === 'number';
}

/** The claim that binds the body to a token: its SHA-256; base64url may be padded, base64 must be. */
export interface BodyClaim {
  readonly name: string;
  readonly encoding: 'base64url' | 'base64' | 'hex';
}

/**
 * Does the token speak of this body?
 *
 * @example isBodyClaimed({ body: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=' }, { name: 'body', encoding: 'base64url' }, Buffer.alloc(0)) // true
 */
export function isBodyClaimed(claims: Claims, { name, encoding }: BodyClaim, body: Buffer): boolean {
  const claimed = claims[name];
  if (typeof claimed !== 'string') return false;
  const wanted = encoding === 'base64url' ? withoutPadding(claimed) : claimed;
  return DIGESTS[encoding].same(wanted, hash('sha256', body, encoding));
}

// Not by a regular expression: `/=+$/` takes quadratic time on a long row of `=` that ends in something else.
function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '=') end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

/**
 * The time a token says it was made, in milliseconds since the epoch; `null` when it says none that could be.
 *
 * @example issuedAtMs({ iat: 1700000000 }) // 1700000000000
 */
export function issuedAtMs({ iat }: Claims): number | null {
  const isDate = typeof iat === 'number' && Math.abs(iat) < 1e11;
  return isDate ? Math.round(iat * 1000) : null;
}
