import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { type AsymmetricAlgorithm, isFit } from './compact-jws.js';
import { decodeStrictly, prepareSecret, spellingProblem } from './encoding.js';
import { parseJson } from './json-pointer.js';
import type { PreparedKey } from './scheme.js';

/** Algorithms of RFC 7518 with a shared secret. */
export type SharedAlgorithm = 'HS256' | 'HS384' | 'HS512';

/** A pasted key, and the only algorithms that it is used with: of one of the two kinds, never of both. */
export interface GivenKey {
  readonly key: KeyObject;
  readonly algorithms: readonly AsymmetricAlgorithm[];
  readonly secretAlgorithms: readonly SharedAlgorithm[];
}

const MAXIMUM_KEY_CHARACTERS = 8192;
// How public keys begin, as PEM, JWK, OpenSSH, and in base64 by their kinds: RSA, P-256, P-384, P-521, Ed25519.
const MANGLED_KEY = /^(?:-----|\{|ssh-|MII|MFkw|MHYw|MIGb|MCow)/;

/**
 * Reads a pasted key: a public one as PEM, as PEM without its armour or as JWK, or else a shared secret, where the provider
 * has those. What looks like a public key but cannot be read is refused, for as a secret it would be known to everybody.
 *
 * @param accepted the algorithms that the provider can be set to
 * @returns the key with those of the algorithms that are its kind's, or a problem that never repeats the text
 * @example prepareGivenKey('a-secret-of-some-length', ['HS256', 'RS256']) // { ok: true, material: { secretAlgorithms: ['HS256'], … } }
 */
export function prepareGivenKey(
  plainText: string,
  accepted: readonly (AsymmetricAlgorithm | SharedAlgorithm)[],
): PreparedKey<GivenKey> {
  const text = plainText.trim();
  if (text.length > MAXIMUM_KEY_CHARACTERS) return { ok: false, problem: 'the key is too long' };
  if (isPrivate(text)) return { ok: false, problem: 'this is a private key; the public one is needed' };
  const key = publicKeyIn(text);
  if (key !== null) return fitKey(key, accepted.filter(isAsymmetric));
  const secretAlgorithms = accepted.filter(isShared);
  if (secretAlgorithms.length === 0 || MANGLED_KEY.test(text)) {
    const spelling = spellingProblem(text);
    return { ok: false, problem: spelling ?? 'the text is not a public key as PEM or JWK' };
  }
  const secret = prepareSecret(plainText);
  return secret.ok
    ? { ok: true, material: { key: secret.material, algorithms: [], secretAlgorithms } }
    : secret;
}

function fitKey(key: KeyObject, accepted: readonly AsymmetricAlgorithm[]): PreparedKey<GivenKey> {
  const algorithms = accepted.filter((algorithm) => isFit(key, algorithm));
  return algorithms.length === 0
    ? {
        ok: false,
        problem: `the key cannot verify ${accepted.join(', ')}: its kind, curve or length is another`,
      }
    : { ok: true, material: { key, algorithms, secretAlgorithms: [] } };
}

/** node:crypto would quietly derive the public key, and somebody's private key would have been stored. */
function isPrivate(text: string): boolean {
  return text.includes('PRIVATE KEY') || jwkIn(text)?.d !== undefined;
}

function publicKeyIn(text: string): KeyObject | null {
  const jwk = jwkIn(text);
  try {
    if (jwk !== null) return createPublicKey({ key: jwk, format: 'jwk' });
    if (text.startsWith('-----')) return createPublicKey(text);
    const der = decodeStrictly(text.replaceAll(/\s/g, ''), 'base64');
    return der === null ? null : createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

function jwkIn(text: string): JsonWebKey | null {
  const value = text.startsWith('{') ? parseJson(Buffer.from(text)) : null;
  return typeof value === 'object' && value !== null ? (value as JsonWebKey) : null;
}

function isShared(algorithm: AsymmetricAlgorithm | SharedAlgorithm): algorithm is SharedAlgorithm {
  return algorithm.startsWith('HS');
}

function isAsymmetric(algorithm: AsymmetricAlgorithm | SharedAlgorithm): algorithm is AsymmetricAlgorithm {
  return !isShared(algorithm);
}
