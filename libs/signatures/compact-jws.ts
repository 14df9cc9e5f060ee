import { constants, verify as verifySignature, type KeyObject } from 'node:crypto';
import { decodeStrictly, type HashAlgorithm } from './encoding.js';
import { parseJson } from './json-pointer.js';

/** The claims of a token, or the members of its header: any JSON object. */
export type Claims = Readonly<Record<string, unknown>>;

/** Algorithms of RFC 7518 with a key pair. Which of them is accepted is configuration, never the token's choice. */
export type AsymmetricAlgorithm =
  'RS256' | 'RS384' | 'RS512' | 'PS256' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA';

/** A JWS in compact form taken apart (RFC 7515 7.1); nothing in it is believed yet. */
export interface CompactJws {
  readonly header: Claims;
  /** The header as it is signed: base64url. */
  readonly headerSegment: string;
  /** base64url; empty where the payload is detached. */
  readonly payloadSegment: string;
  readonly signature: Buffer;
}

interface AlgorithmRules {
  readonly hash: HashAlgorithm | null;
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  readonly curve?: string;
  /** Bytes; of RSA signatures the key decides. */
  readonly signatureBytes?: number;
  readonly isProbabilistic?: boolean;
}

const ALGORITHMS: Readonly<Record<AsymmetricAlgorithm, AlgorithmRules>> = {
  RS256: { hash: 'sha256', keyType: 'rsa' },
  RS384: { hash: 'sha384', keyType: 'rsa' },
  RS512: { hash: 'sha512', keyType: 'rsa' },
  PS256: { hash: 'sha256', keyType: 'rsa', isProbabilistic: true },
  ES256: { hash: 'sha256', keyType: 'ec', curve: 'prime256v1', signatureBytes: 64 },
  ES384: { hash: 'sha384', keyType: 'ec', curve: 'secp384r1', signatureBytes: 96 },
  ES512: { hash: 'sha512', keyType: 'ec', curve: 'secp521r1', signatureBytes: 132 },
  EdDSA: { hash: null, keyType: 'ed25519', signatureBytes: 64 },
};

const MINIMUM_RSA_BITS = 2048;

/**
 * Takes a compact JWS apart: three segments of canonical base64url, the first a JSON object.
 *
 * @returns `null` when the text is none
 * @example takeApart('eyJhbGciOiJSUzI1NiJ9..c2ln')?.header.alg // 'RS256'
 */
export function takeApart(text: string): CompactJws | null {
  const first = text.indexOf('.');
  const last = text.lastIndexOf('.');
  if (first === -1 || first === last || text.indexOf('.', first + 1) !== last) return null;
  const headerSegment = text.slice(0, first);
  const header = parseSegment(headerSegment);
  const signature = decodeStrictly(text.slice(last + 1), 'base64url');
  if (header === null || signature === null || signature.length === 0) return null;
  return { header, headerSegment, payloadSegment: text.slice(first + 1, last), signature };
}

/**
 * The JSON object in a segment, or `null` when it holds none.
 *
 * @example parseSegment('eyJpc3MiOiJhIn0') // { iss: 'a' }
 */
export function parseSegment(segment: string): Claims | null {
  const bytes = decodeStrictly(segment, 'base64url');
  const value = bytes === null ? undefined : parseJson(bytes);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
}

/**
 * The algorithm of a JWS if it is one of those that are accepted, and nothing in its header is critical but not understood
 * (RFC 7515 4.1.11).
 *
 * @param isPayloadRaw whether the payload is signed without base64url (RFC 7797), which the header must then say
 */
export function acceptedAlgorithm<Algorithm extends string>(
  header: Claims,
  accepted: readonly Algorithm[],
  isPayloadRaw = false,
): Algorithm | null {
  const { alg, crit, b64 } = header;
  const isCritical = Array.isArray(crit) && crit.length === 1 && crit[0] === 'b64';
  if (crit !== undefined && !isCritical) return null;
  // RFC 7797 section 6: `b64` counts only when it is marked critical.
  if (isPayloadRaw ? !(isCritical && b64 === false) : b64 !== undefined && b64 !== true) return null;
  return accepted.find((name) => name === alg) ?? null;
}

/**
 * Can this key verify that algorithm? Type, curve and strength must fit (RFC 7518 sections 3.3 to 3.5).
 *
 * @example isFit(publicKey, 'ES256') // true for a key on P-256 only
 */
export function isFit(key: KeyObject, algorithm: AsymmetricAlgorithm): boolean {
  const { keyType, curve } = ALGORITHMS[algorithm];
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== keyType) return false;
  return keyType === 'rsa' ? modulusLength >= MINIMUM_RSA_BITS : namedCurve === curve;
}

/**
 * Is this the signature of that key? The key must be fit for the algorithm, see {@link isFit}.
 *
 * Verified here and not by a JWT library, because that one works through WebCrypto's thread pool and takes several times as
 * long as the computation.
 *
 * @param content what is signed
 */
export function isSignedBy(
  key: KeyObject,
  algorithm: AsymmetricAlgorithm,
  content: Buffer,
  signature: Buffer,
): boolean {
  const { hash, signatureBytes, isProbabilistic } = ALGORITHMS[algorithm];
  if (signatureBytes !== undefined && signature.length !== signatureBytes) return false;
  const padding =
    isProbabilistic === true
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {};
  return verifySignature(hash, content, { key, dsaEncoding: 'ieee-p1363', ...padding }, signature);
}
