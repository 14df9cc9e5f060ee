import { createHmac, hash, type KeyObject } from 'node:crypto';
import type { Claims } from './compact-jws.js';
import { digestText, prepareSecret, type SecretFormat } from './encoding.js';
import { readHeader, refused, type Refusal } from './headers.js';
import type { Clock, Key, PreparedKey, Scheme, SignatureHeaders, SignedRequest, Verdict } from './scheme.js';

/** What a fresh token is made of. */
export interface TokenFacts {
  /** The URL the request is about to be sent to, exactly. */
  readonly url: string;
  /** SHA-256 of the body, in the encoding of the body claim, without padding. */
  readonly bodyHash: string;
  /** Whole seconds since the epoch. */
  readonly nowSeconds: number;
}

/** What a provider decides about its tokens. */
export interface JwtWithBodyHashOptions {
  /** Default `jwt`. */
  readonly name?: string;
  /** The header of the token, as the provider spells it. */
  readonly header: string;
  /** What stands before the token, e.g. `Bearer `. */
  readonly valuePrefix?: string;
  /** The only value of the claim `iss` that is accepted. */
  readonly issuer: string;
  readonly bodyClaim: BodyClaim;
  /** The claim that must equal the request's URL, character by character; absent: no claim is held against the URL. */
  readonly urlClaim?: string;
  readonly defaultToleranceSeconds: number;
  readonly secret?: SecretFormat;
  /** Secrets that anybody can read in the vendor's documentation: they prove nothing and are refused. */
  readonly publishedSecrets?: readonly string[];
  /** The claims of a fresh token, in the order they are written. */
  freshClaims(facts: TokenFacts): Record<string, string | number>;
}

/** A compact JWS taken apart (RFC 7515 7.1); nothing in it is believed yet. */
interface Token {
  readonly signingInput: string;
  readonly payload: string;
  /** 43 characters of base64url. */
  readonly mac: string;
}

const DIGESTS = { base64url: digestText('sha256', 'base64url'), hex: digestText('sha256', 'hex') } as const;

const USUAL_HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');

/**
 * A JSON Web Token, HMAC-SHA256 only, whose claims hold a hash of the body.
 *
 * The token is taken apart here and not by a JWT library because that one works through WebCrypto's thread pool: some
 * 170 µs for each token instead of 6. The algorithm is fixed; what the token says of itself is only ever compared with it.
 *
 * @param options what differs between providers
 * @example jwtWithBodyHash({ header: 'Upstash-Signature', issuer: 'Upstash', bodyClaim: { name: 'body', encoding: 'base64url' }, … })
 */
export function jwtWithBodyHash(options: JwtWithBodyHashOptions): Scheme<KeyObject> {
  const { header, issuer, valuePrefix = '', defaultToleranceSeconds } = options;
  const headerName = header.toLowerCase();

  function verify(request: SignedRequest, keys: readonly Key<KeyObject>[], clock: Clock): Verdict {
    if (keys.length === 0) return refused('no_secret');
    const reading = readHeader(request.headers, headerName);
    if (!reading.ok) return reading;
    const token = reading.value.startsWith(valuePrefix)
      ? takeApart(reading.value.slice(valuePrefix.length))
      : null;
    if (token === null) return refused('signature_malformed');
    const key = keys.find(({ material }) =>
      DIGESTS.base64url.same(macOf(token.signingInput, material), token.mac),
    );
    if (key === undefined) return refused('signature_mismatch');
    const claims = parseObject(token.payload);
    if (claims === null) return refused('signature_malformed');
    const toleranceSeconds = clock.toleranceSeconds ?? defaultToleranceSeconds;
    const refusal =
      (claims.iss === issuer ? null : refused('claim_invalid')) ??
      judgeTimes(claims, Math.floor(clock.nowMs / 1000), toleranceSeconds) ??
      judgeRequest(claims, request, options);
    return refusal ?? { ok: true, keyId: key.id, signedAtMs: issuedAtMs(claims) };
  }

  function sign(request: SignedRequest, keys: readonly Key<KeyObject>[], clock: Clock): SignatureHeaders {
    const key = keys[0];
    if (key === undefined) throw new Error('cannot sign without a key');
    const claims = options.freshClaims({
      url: request.url,
      bodyHash: hash('sha256', request.body, options.bodyClaim.encoding),
      nowSeconds: Math.floor(clock.nowMs / 1000),
    });
    const signingInput = `${USUAL_HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
    return [[header, `${valuePrefix}${signingInput}.${macOf(signingInput, key.material)}`]];
  }

  return {
    name: options.name ?? 'jwt',
    signatureHeaders: [header],
    signsTimestamp: true,
    defaultToleranceSeconds,
    secretUse: 'compute',
    prepareKey: (plainSecret) => prepareUnpublished(plainSecret, options),
    verify,
    sign,
  };
}

function prepareUnpublished(plainSecret: string, options: JwtWithBodyHashOptions): PreparedKey<KeyObject> {
  if (options.publishedSecrets?.includes(plainSecret.trim()) === true) {
    return { ok: false, problem: 'the secret is a published development key: anybody can sign with it' };
  }
  return prepareSecret(plainSecret, options.secret);
}

function takeApart(text: string): Token | null {
  const first = text.indexOf('.');
  const last = text.lastIndexOf('.');
  if (first === -1 || first === last || text.indexOf('.', first + 1) !== last) return null;
  if (!isAcceptedHeader(text.slice(0, first))) return null;
  const mac = canonicalMac(text.slice(last + 1));
  if (mac === null) return null;
  return { signingInput: text.slice(0, last), payload: text.slice(first + 1, last), mac };
}

// 256 bits fill 42 characters and four bits of the last one.
const CANONICAL_MAC = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/**
 * The one spelling of a MAC. Other spellings go through Node's forgiving decoder, as in the official receivers: padding, the
 * standard alphabet and unused bits pass. That only adds spellings of the same 32 bytes, so nothing may ever be recognised
 * again by the text of its token.
 */
function canonicalMac(text: string): string | null {
  if (CANONICAL_MAC.test(text)) return text;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === 32 ? bytes.toString('base64url') : null;
}

function isAcceptedHeader(segment: string): boolean {
  if (segment === USUAL_HEADER) return true;
  const header = parseObject(segment);
  return header !== null && header.alg === 'HS256' && isUnderstood(header);
}

/** RFC 7515 4.1.11: an extension that is marked critical and not understood makes the token invalid. */
function isUnderstood(header: Claims): boolean {
  if (header.crit === undefined) return true;
  const isB64Only =
    Array.isArray(header.crit) && header.crit.length > 0 && header.crit.every((name) => name === 'b64');
  return isB64Only && header.b64 === true;
}

function parseObject(segment: string): Claims | null {
  try {
    const text = Buffer.from(segment, 'base64url').toString();
    // The official receivers decode with TextDecoder, which drops a byte order mark (allowed by RFC 8259 8.1).
    const value: unknown = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
  } catch {
    return null;
  }
}

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

function judgeRequest(
  claims: Claims,
  request: SignedRequest,
  options: JwtWithBodyHashOptions,
): Refusal | null {
  const { bodyClaim, urlClaim } = options;
  if (urlClaim !== undefined && claims[urlClaim] !== request.url) return refused('claim_invalid');
  return isBodyClaimed(claims, bodyClaim, request.body) ? null : refused('claim_invalid');
}

function macOf(signingInput: string, key: KeyObject): string {
  return createHmac('sha256', key).update(signingInput).digest('base64url');
}

/** The claim that binds the body to a token: its SHA-256; base64url may be padded. */
export interface BodyClaim {
  readonly name: string;
  readonly encoding: 'base64url' | 'hex';
}

/**
 * Does the token speak of this body?
 *
 * @example isBodyClaimed({ body: '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=' }, { name: 'body', encoding: 'base64url' }, Buffer.alloc(0)) // true
 */
export function isBodyClaimed(claims: Claims, { name, encoding }: BodyClaim, body: Buffer): boolean {
  const claimed = claims[name];
  if (typeof claimed !== 'string') return false;
  return DIGESTS[encoding].same(withoutPadding(claimed), hash('sha256', body, encoding));
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
