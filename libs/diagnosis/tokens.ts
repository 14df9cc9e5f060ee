import type { HeaderPairs } from '#signatures';

/** What a JSON Web Token says; none of it is proven. */
export interface ReadToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

const MOST_CHARACTERS = 8_192;
const MOST_CLAIMED_URLS = 4;
/** As milliseconds, which some take for seconds, some thousand years from now. */
const MOST_SECONDS = 1e14;

/** The first JSON Web Token in one of these headers, or `null`. */
export function tokenIn(headers: HeaderPairs, names: readonly string[]): ReadToken | null {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  for (const [name, value] of headers) {
    if (!wanted.has(name.toLowerCase()) || value.length > MOST_CHARACTERS) continue;
    for (const piece of value.split(/[\s,;="]+/, 8)) {
      const [header, claims] = piece.split('.', 3).slice(0, 2).map(objectIn);
      if (header !== null && header !== undefined && claims !== null && claims !== undefined)
        return { header, claims };
    }
  }
  return null;
}

/** The algorithm that the first JSON Web Signature in one of these headers says it is by, its payload detached or not. */
export function algorithmIn(headers: HeaderPairs, names: readonly string[]): string | null {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  for (const [name, value] of headers) {
    if (!wanted.has(name.toLowerCase()) || value.length > MOST_CHARACTERS) continue;
    for (const piece of value.split(/[\s,;="]+/, 8)) {
      const algorithm = objectIn(piece.split('.', 1)[0] ?? '')?.['alg'];
      if (typeof algorithm === 'string') return algorithm;
    }
  }
  return null;
}

function objectIn(segment: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}

/** The URLs that a token speaks of. */
export function claimedUrls(token: ReadToken | null): string[] {
  return Object.values(token?.claims ?? {})
    .filter((value): value is string => typeof value === 'string' && /^https?:\/\//i.test(value))
    .slice(0, MOST_CLAIMED_URLS);
}

/** A time that a token claims, in milliseconds since the epoch; `null` when it claims none. */
export function claimedTimeMs(token: ReadToken | null, name: 'iat' | 'exp' | 'nbf'): number | null {
  const value = token?.claims[name];
  return typeof value === 'number' && Math.abs(value) < MOST_SECONDS ? Math.round(value * 1_000) : null;
}
