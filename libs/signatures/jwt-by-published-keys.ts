import {
  acceptedAlgorithm,
  type AsymmetricAlgorithm,
  type Claims,
  isSignedBy,
  parseSegment,
  takeApart,
} from './compact-jws.js';
import { type ExpectedClaims, meets, prepareExpectation } from './expectation.js';
import { readHeader, refused, type Refusal } from './headers.js';
import { publishedKeys } from './key-set.js';
import type { Clock, Key, PublishedDocuments, Scheme, SignedRequest, Verdict } from './scheme.js';
import { type BodyClaim, isBodyClaimed, issuedAtMs, judgeTimes } from './token-claims.js';

/** What a provider decides about tokens signed with keys it publishes. */
export interface JwtByPublishedKeysOptions {
  readonly name?: string;
  /** The header of the token and what stands before it there; `body`: the body is the token. */
  readonly place: { readonly header: string; readonly valuePrefix?: string } | 'body';
  /** The only algorithms that are accepted, whatever the token says. */
  readonly algorithms: readonly AsymmetricAlgorithm[];
  readonly issuer: string | readonly string[];
  /** Where the provider publishes its JWK set. */
  readonly keysUrl: string;
  readonly bodyClaim?: BodyClaim;
  /** `iat` must be there and at most so old; otherwise `exp` must be there. */
  readonly maximumAgeSeconds?: number;
  readonly defaultToleranceSeconds: number;
  /** What the text a user gave says of the tokens meant for them, e.g. their audience; `null` when it cannot be that. */
  expectedClaims(plainText: string): ExpectedClaims | null;
}

/**
 * A JSON Web Token (OpenID Connect or not) verified with the public keys that its issuer publishes.
 *
 * `jku`, `x5u` and `jwk` in the token are never followed: the URL of the keys is configuration, and fetching is the business
 * of whoever hands in `published`.
 *
 * @param options what differs between providers
 * @example jwtByPublishedKeys({ place: { header: 'Authorization', valuePrefix: 'Bearer ' }, algorithms: ['RS256'], … })
 */
export function jwtByPublishedKeys(options: JwtByPublishedKeysOptions): Scheme<ExpectedClaims> {
  const { place, bodyClaim, maximumAgeSeconds } = options;
  const issuers = [options.issuer].flat();
  const timeRules = (clock: Clock): TimeRules => ({
    nowSeconds: Math.floor(clock.nowMs / 1000),
    toleranceSeconds: clock.toleranceSeconds ?? options.defaultToleranceSeconds,
    maximumAgeSeconds,
  });

  async function verify(
    request: SignedRequest,
    keys: readonly Key<ExpectedClaims>[],
    clock: Clock,
    published?: PublishedDocuments,
  ): Promise<Verdict> {
    if (keys.length === 0) return refused('no_secret');
    const token = tokenOf(request, place);
    if (typeof token !== 'string') return token;
    const proven = await provenClaims(token, options, published);
    if (!('claims' in proven)) return proven;
    const { claims } = proven;
    const refusal = judgeIssuer(claims, issuers) ?? judgeLifetime(claims, timeRules(clock));
    if (refusal !== null) return refusal;
    if (bodyClaim !== undefined && !isBodyClaimed(claims, bodyClaim, request.body))
      return refused('claim_invalid');
    const key = keys.find(({ material }) => meets(claims, material));
    return key === undefined
      ? refused('claim_invalid')
      : { ok: true, keyId: key.id, signedAtMs: issuedAtMs(claims) };
  }

  return {
    name: options.name ?? 'jwt-published-keys',
    signatureHeaders: place === 'body' ? [] : [place.header],
    signsTimestamp: true,
    defaultToleranceSeconds: options.defaultToleranceSeconds,
    secretUse: 'public',
    prepareKey: (plainText) => prepareExpectation(plainText, (text) => options.expectedClaims(text)),
    verify,
  };
}

function tokenOf(request: SignedRequest, place: JwtByPublishedKeysOptions['place']): string | Refusal {
  if (place === 'body')
    return request.body.length === 0 ? refused('signature_missing') : request.body.toString('latin1').trim();
  const reading = readHeader(request.headers, place.header.toLowerCase());
  if (!reading.ok) return reading;
  const { valuePrefix = '' } = place;
  return reading.value.startsWith(valuePrefix)
    ? reading.value.slice(valuePrefix.length)
    : refused('signature_malformed');
}

interface TimeRules {
  readonly nowSeconds: number;
  readonly toleranceSeconds: number;
  readonly maximumAgeSeconds: number | undefined;
}

/** The claims of a token that one of the issuer's keys has signed; what they say is not judged yet. */
async function provenClaims(
  token: string,
  { algorithms, keysUrl }: JwtByPublishedKeysOptions,
  published: PublishedDocuments | undefined,
): Promise<{ readonly claims: Claims } | Refusal> {
  const jws = takeApart(token);
  const algorithm = jws === null ? null : acceptedAlgorithm(jws.header, algorithms);
  if (jws === null || algorithm === null) return refused('signature_malformed');
  const candidates = await publishedKeys(published, keysUrl, { algorithm, kid: jws.header.kid });
  if (candidates === 'no_keys') return refused('no_secret');
  const content = Buffer.from(`${jws.headerSegment}.${jws.payloadSegment}`);
  if (!candidates.some((key) => isSignedBy(key, algorithm, content, jws.signature)))
    return refused('signature_mismatch');
  const claims = parseSegment(jws.payloadSegment);
  return claims === null ? refused('signature_malformed') : { claims };
}

function judgeIssuer({ iss }: Claims, issuers: readonly string[]): Refusal | null {
  return issuers.some((issuer) => issuer === iss) ? null : refused('claim_invalid');
}

/** One of the two must limit how long a token can be used again: `exp`, or the age counted from `iat`. */
function judgeLifetime(claims: Claims, rules: TimeRules): Refusal | null {
  const { nowSeconds, toleranceSeconds, maximumAgeSeconds } = rules;
  const refusal = judgeTimes(claims, nowSeconds, toleranceSeconds);
  if (refusal !== null) return refusal;
  if (maximumAgeSeconds === undefined) return claims.exp === undefined ? refused('claim_invalid') : null;
  if (typeof claims.iat !== 'number') return refused('claim_invalid');
  const ageSeconds = nowSeconds - claims.iat;
  const isYoung = ageSeconds <= maximumAgeSeconds + toleranceSeconds && ageSeconds >= -toleranceSeconds;
  return isYoung ? null : refused('timestamp_outside_tolerance');
}
