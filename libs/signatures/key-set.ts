import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { type AsymmetricAlgorithm, type Claims, isFit } from './compact-jws.js';
import { parseJson } from './json-pointer.js';
import type { PublishedDocuments } from './scheme.js';

/** One public key of a JWK set (RFC 7517), and what the set says it is for. */
interface PublishedKey {
  readonly key: KeyObject;
  readonly kid: string | null;
  readonly alg: string | null;
}

/** The public keys that somebody publishes, in their order. */
export type KeySet = readonly PublishedKey[];

const MAXIMUM_KEYS = 64;
// A token that names no key is tried against every fit one: each try of a slow algorithm is the sender's to cause.
const MAXIMUM_TRIES = 8;

const keySets = new WeakMap<Buffer, KeySet>();

/**
 * Parses a JWK set; symmetric keys and those that are not for signatures are passed over. It is parsed once for as long as
 * its bytes stay in the cache of whoever fetched it.
 *
 * @returns `null` when the document is no JWK set
 */
export function keySetOf(document: Buffer): KeySet | null {
  const known = keySets.get(document);
  if (known !== undefined) return known;
  const parsed = parseJson(document);
  const keys: unknown = isObject(parsed) ? parsed.keys : undefined;
  if (!Array.isArray(keys) || keys.length > MAXIMUM_KEYS) return null;
  const keySet = keys.map(publishedKey).filter((key) => key !== null);
  keySets.set(document, keySet);
  return keySet;
}

/**
 * The keys of a set that may have made a signature: the one that the header names, or all fit ones if it names none.
 *
 * @param kid the header's `kid`; anything but a text counts as none
 */
export function candidateKeys(
  keySet: KeySet,
  algorithm: AsymmetricAlgorithm,
  kid: unknown,
): readonly KeyObject[] {
  return keySet
    .filter((published) => typeof kid !== 'string' || published.kid === kid)
    .filter(({ key, alg }) => (alg === null || alg === algorithm) && isFit(key, algorithm))
    .slice(0, MAXIMUM_TRIES)
    .map(({ key }) => key);
}

/**
 * Finds the keys for a signature at the URL where they are published. The keys may have been changed since they were cached,
 * so if none fits they are looked for once more.
 *
 * @returns `no_keys` when there is no document, else the candidates, none perhaps
 */
export async function publishedKeys(
  published: PublishedDocuments | undefined,
  url: string,
  wanted: { readonly algorithm: AsymmetricAlgorithm; readonly kid: unknown },
): Promise<readonly KeyObject[] | 'no_keys'> {
  for (const age of ['cached', 'refreshed'] as const) {
    const document = (await published?.(url, age)) ?? null;
    const keySet = document === null ? null : keySetOf(document);
    if (keySet === null) return 'no_keys';
    const candidates = candidateKeys(keySet, wanted.algorithm, wanted.kid);
    if (candidates.length > 0) return candidates;
  }
  return [];
}

function publishedKey(jwk: unknown): PublishedKey | null {
  if (!isObject(jwk) || !isForSignatures(jwk)) return null;
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    return { key, kid: textOf(jwk.kid), alg: textOf(jwk.alg) };
  } catch {
    return null;
  }
}

function isForSignatures({ use, key_ops: operations }: Claims): boolean {
  const isForVerifying =
    operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
  return (use === undefined || use === 'sig') && isForVerifying;
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
