import { createLocalJWKSet, errors, jwtVerify, type JWTVerifyOptions } from 'jose';
import { readHeader, refused, type Refusal } from './headers.js';
import { parseJson } from './json-pointer.js';
import { isBodyClaimed, issuedAtMs, type BodyClaim, type Claims } from './jwt-with-body-hash.js';
import type {
  Clock,
  Key,
  PreparedKey,
  PublishedDocuments,
  Scheme,
  SignedRequest,
  Verdict,
} from './scheme.js';
import { spellingProblem } from './encoding.js';

/** Claims that a token must have, by name; a list in the token must contain the value (as `aud` may be one). */
export type ExpectedClaims = Readonly<Record<string, string | boolean>>;

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

export type AsymmetricAlgorithm =
  'RS256' | 'RS384' | 'RS512' | 'PS256' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA';

type KeySet = ReturnType<typeof createLocalJWKSet>;
type Checked = { readonly claims: Claims } | Refusal;

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
  const { place, keysUrl, bodyClaim } = options;

  async function verify(
    request: SignedRequest,
    keys: readonly Key<ExpectedClaims>[],
    clock: Clock,
    published?: PublishedDocuments,
  ): Promise<Verdict> {
    if (keys.length === 0) return refused('no_secret');
    const token = tokenOf(request, place);
    if (typeof token !== 'string') return token;
    const checked = await checkToken(token, published, keysUrl, verifyOptions(options, clock));
    if (!('claims' in checked)) return checked;
    const { claims } = checked;
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
    prepareKey: (plainText) => prepareExpectation(plainText, options),
    verify,
  };
}

function prepareExpectation(
  plainText: string,
  options: JwtByPublishedKeysOptions,
): PreparedKey<ExpectedClaims> {
  const problem = spellingProblem(plainText);
  if (problem !== null) return { ok: false, problem: problem.replace('secret', 'text') };
  const material = options.expectedClaims(plainText);
  // Expecting nothing would accept every token that this issuer ever made, for anybody.
  if (material === null || Object.keys(material).length === 0) {
    return { ok: false, problem: 'the text does not say whom the tokens are for' };
  }
  return { ok: true, material };
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

function verifyOptions(options: JwtByPublishedKeysOptions, clock: Clock): JWTVerifyOptions {
  const { algorithms, issuer, maximumAgeSeconds, defaultToleranceSeconds } = options;
  return {
    algorithms: [...algorithms],
    issuer: typeof issuer === 'string' ? issuer : [...issuer],
    currentDate: new Date(clock.nowMs),
    clockTolerance: clock.toleranceSeconds ?? defaultToleranceSeconds,
    ...(maximumAgeSeconds === undefined ? { requiredClaims: ['exp'] } : { maxTokenAge: maximumAgeSeconds }),
  };
}

/** The keys may have been changed since they were cached, so one that is missing is looked for once more. */
async function checkToken(
  token: string,
  published: PublishedDocuments | undefined,
  keysUrl: string,
  options: JWTVerifyOptions,
): Promise<Checked> {
  for (const wanted of ['cached', 'refreshed'] as const) {
    const keySet = keySetOf((await published?.(keysUrl, wanted)) ?? null);
    if (keySet === null) return refused('no_secret');
    try {
      return { claims: (await jwtVerify(token, keySet, options)).payload };
    } catch (error) {
      const isKeyUnknown = error instanceof errors.JWKSNoMatchingKey;
      if (!isKeyUnknown || wanted === 'refreshed') return refusalFor(error);
    }
  }
  return refused('signature_mismatch');
}

const keySets = new WeakMap<Buffer, KeySet>();

/** A fetched set is parsed once for as long as its bytes stay in the cache of whoever fetched it. */
function keySetOf(document: Buffer | null): KeySet | null {
  if (document === null) return null;
  const known = keySets.get(document);
  if (known !== undefined) return known;
  try {
    const keySet = createLocalJWKSet(parseJson(document) as Parameters<typeof createLocalJWKSet>[0]);
    keySets.set(document, keySet);
    return keySet;
  } catch {
    return null;
  }
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) return refused('timestamp_outside_tolerance');
  if (error instanceof errors.JWTClaimValidationFailed) {
    const isTime = error.reason === 'check_failed' && (error.claim === 'nbf' || error.claim === 'iat');
    return refused(isTime ? 'timestamp_outside_tolerance' : 'claim_invalid');
  }
  const isMalformed =
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported;
  return refused(isMalformed ? 'signature_malformed' : 'signature_mismatch');
}

function meets(claims: Claims, expected: ExpectedClaims): boolean {
  return Object.entries(expected).every(([name, value]) => {
    const claimed = claims[name];
    return Array.isArray(claimed) ? claimed.includes(value) : claimed === value;
  });
}
