import { createHmac, hash, type KeyObject } from 'node:crypto';
import type { Claims } from './compact-jws.js';
import {
  type DigestAlgorithm,
  type DigestText,
  digestText,
  prepareSecret,
  type SecretFormat,
} from './encoding.js';
import { readHeader, refused, type Refusal } from './headers.js';
import type {
  Clock,
  Deviation,
  Key,
  PreparedKey,
  Scheme,
  SignatureHeaders,
  SignedRequest,
  Verdict,
} from './scheme.js';
import { isTimely } from './signed-time.js';
import { type BodyClaim, isBodyClaimed, issuedAtMs, judgeTimes } from './token-claims.js';

/** What a fresh token is made of. */
export interface TokenFacts {
  /** The URL the request is about to be sent to, exactly. */
  readonly url: string;
  /** SHA-256 of the body, in the encoding of the body claim (base64url where there is none); only base64 is padded. */
  readonly bodyHash: string;
  /** The issuer whom the secret names, with {@link JwtWithBodyHashOptions.isIssuerInSecret}; else `''`. */
  readonly issuer: string;
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
  /** The only value of the claim `iss` that is accepted; absent: the issuer is not looked at. */
  readonly issuer?: string;
  /** The pasted text is `issuer:secret`, and only that issuer is accepted. */
  readonly isIssuerInSecret?: boolean;
  /** Absent: the token says nothing of the body. */
  readonly bodyClaim?: BodyClaim;
  /** The claim that must equal the request's URL, character by character; absent: no claim is held against the URL. */
  readonly urlClaim?: string;
  /**
   * What limits how long a token can be used: `claims` the times that are there, if any; `expiry` the claim `exp`, which must
   * be there; `age` the claim `iat`, which must be there and no further from now than the tolerance. Default `claims`.
   */
  readonly lifetime?: 'claims' | 'expiry' | 'age';
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
  /** Of HS256 43 characters of base64url. */
  readonly mac: string;
}

/** A shared secret, and the issuer that its text names. */
export interface TokenKey {
  readonly secret: KeyObject;
  readonly issuer: string | null;
}

/** HS256 is what providers use; the others are known to say so when somebody does. */
interface MacKind {
  readonly name: string;
  readonly hash: string;
  readonly bytes: number;
  readonly text: DigestText;
}

const MACS: Partial<Record<DigestAlgorithm, MacKind>> & { readonly sha256: MacKind } = {
  sha256: macKind('HS256', 'sha256', 32),
  sha384: macKind('HS384', 'sha384', 48),
  sha512: macKind('HS512', 'sha512', 64),
};

function macKind(name: string, hash: 'sha256' | 'sha384' | 'sha512', bytes: number): MacKind {
  return { name, hash, bytes, text: digestText(hash, 'base64url') };
}

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
export function jwtWithBodyHash(options: JwtWithBodyHashOptions): Scheme<TokenKey> {
  return deviating(options, {});
}

function deviating(options: JwtWithBodyHashOptions, deviation: Deviation): Scheme<TokenKey> {
  const { header, valuePrefix = '', defaultToleranceSeconds } = options;
  const headerName = header.toLowerCase();
  const macs = MACS[deviation.algorithm ?? 'sha256'] ?? MACS.sha256;
  const isAnywhere = deviation.spelling === 'any';

  function verify(request: SignedRequest, keys: readonly Key<TokenKey>[], clock: Clock): Verdict {
    if (keys.length === 0) return refused('no_secret');
    const reading = readHeader(request.headers, headerName);
    if (!reading.ok) return reading;
    const text = isAnywhere ? tokenIn(reading.value) : withoutPrefix(reading.value, valuePrefix);
    const token = text === null ? null : takeApart(text, macs);
    if (token === null) return refused('signature_malformed');
    let refusal = refused('signature_mismatch');
    for (const { id, material } of keys) {
      if (!macs.text.same(macOf(token.signingInput, material.secret, macs), token.mac)) continue;
      const claims = parseObject(token.payload);
      if (claims === null) return refused('signature_malformed');
      const issuer = material.issuer ?? options.issuer;
      // The same secret may be known under another name, too.
      if (issuer !== undefined && claims.iss !== issuer) refusal = refused('claim_invalid');
      else return judge(claims, request, clock) ?? { ok: true, keyId: id, signedAtMs: issuedAtMs(claims) };
    }
    return refusal;
  }

  function judge(claims: Claims, request: SignedRequest, clock: Clock): Refusal | null {
    return judgeLifetime(claims, clock, options) ?? judgeRequest(claims, request, options);
  }

  function sign(request: SignedRequest, keys: readonly Key<TokenKey>[], clock: Clock): SignatureHeaders {
    const key = keys[0]?.material;
    if (key === undefined) throw new Error('cannot sign without a key');
    const claims = options.freshClaims({
      url: request.url,
      bodyHash: hash('sha256', request.body, options.bodyClaim?.encoding ?? 'base64url'),
      issuer: key.issuer ?? '',
      nowSeconds: Math.floor(clock.nowMs / 1000),
    });
    const signingInput = `${USUAL_HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
    return [[header, `${valuePrefix}${signingInput}.${macOf(signingInput, key.secret, macs)}`]];
  }

  return {
    name: options.name ?? 'jwt',
    signatureHeaders: [header],
    signsTimestamp: true,
    defaultToleranceSeconds,
    secretUse: 'compute',
    prepareKey: (plainSecret) =>
      prepareTokenKey(plainSecret, { ...options, secret: deviation.secret ?? options.secret ?? {} }),
    verify,
    sign,
    otherwise: (other) => deviating(options, { ...deviation, ...other }),
  };
}

function prepareTokenKey(plainText: string, options: JwtWithBodyHashOptions): PreparedKey<TokenKey> {
  if (options.publishedSecrets?.includes(plainText.trim()) === true) {
    return { ok: false, problem: 'the secret is a published development key: anybody can sign with it' };
  }
  const colon = options.isIssuerInSecret === true ? plainText.indexOf(':') : -1;
  const issuer = colon === -1 ? null : plainText.slice(0, colon);
  if (options.isIssuerInSecret === true && (issuer === null || !VISIBLE.test(issuer)))
    return { ok: false, problem: 'the secret is not of the form issuer:secret' };
  const prepared = prepareSecret(plainText.slice(colon + 1), options.secret);
  return prepared.ok ? { ok: true, material: { secret: prepared.material, issuer } } : prepared;
}

const VISIBLE = /^[\x21-\x7e]{1,256}$/;

function withoutPrefix(value: string, prefix: string): string | null {
  return value.startsWith(prefix) ? value.slice(prefix.length) : null;
}

/** The token in a header that may have been written in another way. */
function tokenIn(value: string): string | null {
  return value.split(/[\s,;="]+/, 8).find((piece) => piece.split('.', 4).length === 3) ?? null;
}

function takeApart(text: string, macs: MacKind): Token | null {
  const first = text.indexOf('.');
  const last = text.lastIndexOf('.');
  if (first === -1 || first === last || text.indexOf('.', first + 1) !== last) return null;
  if (!isAcceptedHeader(text.slice(0, first), macs)) return null;
  const mac = canonicalMac(text.slice(last + 1), macs);
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
function canonicalMac(text: string, macs: MacKind): string | null {
  if (macs === MACS.sha256 && CANONICAL_MAC.test(text)) return text;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === macs.bytes ? bytes.toString('base64url') : null;
}

function isAcceptedHeader(segment: string, macs: MacKind): boolean {
  if (macs === MACS.sha256 && segment === USUAL_HEADER) return true;
  const header = parseObject(segment);
  return header !== null && header.alg === macs.name && isUnderstood(header);
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

function judgeLifetime(
  claims: Claims,
  clock: Clock,
  { lifetime = 'claims', defaultToleranceSeconds }: JwtWithBodyHashOptions,
): Refusal | null {
  const { exp, iat } = claims;
  const isLimited =
    lifetime === 'claims' || (lifetime === 'expiry' ? exp !== undefined : typeof iat === 'number');
  if (!isLimited) return refused('claim_invalid');
  if (lifetime === 'age' && typeof iat === 'number' && !isTimely(iat * 1000, clock, defaultToleranceSeconds))
    return refused('timestamp_outside_tolerance');
  const toleranceSeconds = clock.toleranceSeconds ?? defaultToleranceSeconds;
  return judgeTimes(claims, Math.floor(clock.nowMs / 1000), toleranceSeconds);
}

function judgeRequest(
  claims: Claims,
  request: SignedRequest,
  options: JwtWithBodyHashOptions,
): Refusal | null {
  const { bodyClaim, urlClaim } = options;
  if (urlClaim !== undefined && claims[urlClaim] !== request.url) return refused('claim_invalid');
  const isAboutBody = bodyClaim === undefined || isBodyClaimed(claims, bodyClaim, request.body);
  return isAboutBody ? null : refused('claim_invalid');
}

function macOf(signingInput: string, key: KeyObject, { hash: algorithm }: MacKind): string {
  return createHmac(algorithm, key).update(signingInput).digest('base64url');
}
