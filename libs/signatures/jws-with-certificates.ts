import { X509Certificate, type KeyObject } from 'node:crypto';
import { hasExtension, vouchedKey } from './certificate-chain.js';
import {
  acceptedAlgorithm,
  type AsymmetricAlgorithm,
  type Claims,
  type CompactJws,
  isFit,
  isSignedBy,
  parseSegment,
  takeApart,
} from './compact-jws.js';
import { decodeStrictly } from './encoding.js';
import { type ExpectedClaims, meetsAt, prepareExpectation } from './expectation.js';
import { readHeader, refused, type Refusal } from './headers.js';
import { jsonPointer } from './json-pointer.js';
import { type FieldPlace, fieldReader, RequestFields } from './request-fields.js';
import type { Clock, Key, Scheme, SignedRequest, Verdict } from './scheme.js';
import { isTimely, parseTime, type TimeUnit } from './signed-time.js';

/** What a provider decides about tokens that bring their certificates along. */
export interface JwsWithCertificatesOptions {
  /** Default `jws-certificates`. */
  readonly name?: string;
  /** Where the token stands. */
  readonly place: FieldPlace | { readonly header: string };
  /** The only algorithms that are accepted, whatever the token says. */
  readonly algorithms: readonly AsymmetricAlgorithm[];
  /** Roots (PEM) that every chain must end in; nothing else is trusted. */
  readonly anchors: readonly [string, ...string[]];
  /**
   * Extensions (dotted object ids) that the certificates must have, the signer's first: a root vouches for certificates of
   * many purposes, and only these sign callbacks.
   */
  readonly extensions?: readonly (string | null)[];
  /** The claim with the time, by RFC 6901 pointer; `toleranceSeconds: null` where deliveries are retried for days with it. */
  readonly timestamp?: {
    readonly claim: string;
    readonly unit: TimeUnit;
    readonly toleranceSeconds: number | null;
  };
  /**
   * What the pasted text says of the tokens meant for it: values by pointer into the claims, or a function that judges them;
   * `null` when it cannot be that.
   */
  expectedClaims(plainText: string): ExpectedClaims | ClaimsJudge | null;
}

/** Are these claims meant for whoever pasted the text? */
export type ClaimsJudge = (claims: Claims) => boolean;

/** Made of the pasted text. */
interface Addressee {
  readonly isMeant: ClaimsJudge;
}

const MAXIMUM_CHAIN = 5;

/**
 * A JSON Web Signature whose header brings the certificates of its signer (`x5c`, RFC 7515 4.1.6), up to a root that is
 * configured. The token is the message: what stands beside it in the body is not signed.
 *
 * @param options what differs between providers
 * @throws Error when an anchor is no certificate
 * @example jwsWithCertificates({ place: { json: '/signedPayload' }, algorithms: ['ES256'], anchors: [ROOT], expectedClaims: (id) => ({ '/data/bundleId': id }) })
 */
export function jwsWithCertificates(options: JwsWithCertificatesOptions): Scheme<Addressee> {
  const { place, timestamp } = options;
  const anchors = options.anchors.map((pem) => new X509Certificate(pem));
  const readToken = tokenReader(place);
  const readTime = timestamp === undefined ? null : pointerTo(timestamp.claim);

  function verify(request: SignedRequest, keys: readonly Key<Addressee>[], clock: Clock): Verdict {
    if (keys.length === 0) return refused('no_secret');
    const token = readToken(request);
    if (typeof token !== 'string') return token;
    const jws = takeApart(token);
    const algorithm = jws === null ? null : acceptedAlgorithm(jws.header, options.algorithms);
    const chain = jws === null ? null : chainOf(jws);
    if (jws === null || algorithm === null || chain === null) return refused('signature_malformed');
    const key = signerKey(chain, clock.nowMs);
    if (key === null || !isFit(key, algorithm)) return refused('claim_invalid');
    const content = Buffer.from(`${jws.headerSegment}.${jws.payloadSegment}`);
    if (!isSignedBy(key, algorithm, content, jws.signature)) return refused('signature_mismatch');
    return judge(jws, keys, clock);
  }

  function signerKey(chain: readonly X509Certificate[], nowMs: number): KeyObject | null {
    const areForThis = (options.extensions ?? []).every((objectId, index) => {
      const certificate = chain[index];
      return objectId === null || (certificate !== undefined && hasExtension(certificate, objectId));
    });
    return areForThis ? vouchedKey(chain, { nowMs, anchors }) : null;
  }

  function judge({ payloadSegment }: CompactJws, keys: readonly Key<Addressee>[], clock: Clock): Verdict {
    const claims = parseSegment(payloadSegment);
    if (claims === null) return refused('signature_malformed');
    const key = keys.find(({ material }) => material.isMeant(claims));
    if (key === undefined) return refused('claim_invalid');
    if (timestamp === undefined || readTime === null) return { ok: true, keyId: key.id, signedAtMs: null };
    const time = readTime(claims);
    const isText = typeof time === 'string' || typeof time === 'number';
    const signedAtMs = isText ? parseTime(String(time), timestamp.unit) : null;
    if (signedAtMs === null) return refused('claim_invalid');
    const { toleranceSeconds } = timestamp;
    const isInTime = toleranceSeconds === null || isTimely(signedAtMs, clock, toleranceSeconds);
    return isInTime ? { ok: true, keyId: key.id, signedAtMs } : refused('timestamp_outside_tolerance');
  }

  return {
    name: options.name ?? 'jws-certificates',
    signatureHeaders: 'header' in place ? [place.header] : [],
    signsTimestamp: timestamp !== undefined,
    defaultToleranceSeconds: timestamp?.toleranceSeconds ?? null,
    secretUse: 'public',
    prepareKey: (plainText) =>
      prepareExpectation(plainText, (text) => addressee(options.expectedClaims(text))),
    verify,
  };
}

function addressee(expected: ExpectedClaims | ClaimsJudge | null): Addressee | null {
  if (typeof expected === 'function') return { isMeant: expected };
  // Expecting nothing would accept what was signed for anybody.
  if (expected === null || Object.keys(expected).length === 0) return null;
  return { isMeant: (claims) => meetsAt(claims, expected) };
}

function tokenReader(
  place: JwsWithCertificatesOptions['place'],
): (request: SignedRequest) => string | Refusal {
  if (!('header' in place)) {
    const read = fieldReader(place);
    return (request) => read(new RequestFields(request));
  }
  const name = place.header.toLowerCase();
  return ({ headers }) => {
    const reading = readHeader(headers, name);
    return reading.ok ? reading.value : reading;
  };
}

function pointerTo(text: string): (document: unknown) => unknown {
  const read = jsonPointer(text);
  if (read === null) throw new RangeError(`not a JSON pointer: ${text}`);
  return read;
}

/** The certificates in the token's header: base64 of DER, standard alphabet, the signer's first. */
function chainOf({ header }: CompactJws): readonly X509Certificate[] | null {
  const { x5c } = header;
  if (!Array.isArray(x5c) || x5c.length === 0 || x5c.length > MAXIMUM_CHAIN) return null;
  try {
    return x5c.map((text: unknown) => {
      const der = typeof text === 'string' ? decodeStrictly(text, 'base64') : null;
      if (der === null) throw new RangeError('not base64');
      return new X509Certificate(der);
    });
  } catch {
    return null;
  }
}
