import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import {
  acceptedAlgorithm,
  type AsymmetricAlgorithm,
  type Claims,
  type CompactJws,
  isSignedBy,
  parseSegment,
  takeApart,
} from './compact-jws.js';
import { type GivenKey, prepareGivenKey, type SharedAlgorithm } from './given-key.js';
import { readHeader, refused, type Refusal } from './headers.js';
import type { Clock, Key, Scheme, SignedRequest, Verdict } from './scheme.js';
import { type BodyClaim, isBodyClaimed, issuedAtMs, judgeTimes } from './token-claims.js';

/** What a provider decides about tokens whose key the user pastes. */
export interface JwtByGivenKeyOptions {
  /** Default `jwt`. */
  readonly name?: string;
  /** The header of the token; `body`: the body is the token. */
  readonly place: { readonly header: string } | 'body';
  /** What the provider can be set to. Which of them a source accepts, its key decides and never the token. */
  readonly algorithms: readonly (AsymmetricAlgorithm | SharedAlgorithm)[];
  /** Must be there where the token is not the body itself. */
  readonly bodyClaim?: BodyClaim;
  /** `expiry`: the claim `exp` must be there; `claims`: the times that are there must fit, if any are. */
  readonly lifetime: 'claims' | 'expiry';
  readonly defaultToleranceSeconds: number;
}

const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const;
// base64url and two dots; a body that is anything else holds no token at all.
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * A JSON Web Token verified with the key that the user pasted: a shared secret or a public key. The kind of the key decides
 * which algorithms are accepted, so that nobody can sign with a public key as if it were a secret (RFC 8725 2.1).
 *
 * @param options what differs between providers
 * @example jwtByGivenKey({ place: 'body', algorithms: ['RS256'], lifetime: 'expiry', defaultToleranceSeconds: 0 })
 */
export function jwtByGivenKey(options: JwtByGivenKeyOptions): Scheme<GivenKey> {
  const { place, bodyClaim, lifetime, defaultToleranceSeconds } = options;
  const isShared = options.algorithms.some((algorithm) => algorithm in HASHES);

  function verify(request: SignedRequest, keys: readonly Key<GivenKey>[], clock: Clock): Verdict {
    if (keys.length === 0) return refused('no_secret');
    const token = tokenOf(request, place);
    if (typeof token !== 'string') return token;
    const jws = takeApart(token);
    if (jws === null || acceptedAlgorithm(jws.header, options.algorithms) === null)
      return refused('signature_malformed');
    const key = keys.find(({ material }) => isGenuine(jws, material));
    if (key === undefined) return refused('signature_mismatch');
    const claims = parseSegment(jws.payloadSegment);
    if (claims === null) return refused('signature_malformed');
    return judge(claims, request, clock) ?? { ok: true, keyId: key.id, signedAtMs: issuedAtMs(claims) };
  }

  function judge(claims: Claims, request: SignedRequest, clock: Clock): Refusal | null {
    if (lifetime === 'expiry' && claims.exp === undefined) return refused('claim_invalid');
    if (bodyClaim !== undefined && !isBodyClaimed(claims, bodyClaim, request.body))
      return refused('claim_invalid');
    const toleranceSeconds = clock.toleranceSeconds ?? defaultToleranceSeconds;
    return judgeTimes(claims, Math.floor(clock.nowMs / 1000), toleranceSeconds);
  }

  return {
    name: options.name ?? 'jwt',
    signatureHeaders: place === 'body' ? [] : [place.header],
    signsTimestamp: lifetime === 'expiry',
    defaultToleranceSeconds: lifetime === 'expiry' ? defaultToleranceSeconds : null,
    secretUse: isShared ? 'compute' : 'public',
    prepareKey: (plainText) => prepareGivenKey(plainText, options.algorithms),
    verify,
  };
}

function tokenOf(request: SignedRequest, place: JwtByGivenKeyOptions['place']): string | Refusal {
  if (place === 'body') {
    const text = request.body.toString('latin1');
    return TOKEN.test(text) ? text : refused('signature_missing');
  }
  const reading = readHeader(request.headers, place.header.toLowerCase());
  return reading.ok ? reading.value : reading;
}

function isGenuine(jws: CompactJws, { key, algorithms, secretAlgorithms }: GivenKey): boolean {
  const content = Buffer.from(`${jws.headerSegment}.${jws.payloadSegment}`);
  const shared = acceptedAlgorithm(jws.header, secretAlgorithms);
  if (shared !== null) return isMac(key, HASHES[shared], content, jws.signature);
  const algorithm = acceptedAlgorithm(jws.header, algorithms);
  return algorithm !== null && isSignedBy(key, algorithm, content, jws.signature);
}

function isMac(key: KeyObject, algorithm: string, content: Buffer, mac: Buffer): boolean {
  const expected = createHmac(algorithm, key).update(content).digest();
  return mac.length === expected.length && timingSafeEqual(mac, expected);
}
