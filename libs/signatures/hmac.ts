import { createHmac, type KeyObject } from 'node:crypto';
import {
  type DigestAlgorithm,
  digestText,
  prepareSecret,
  type SecretFormat,
  type SignatureEncoding,
} from './encoding.js';
import { refused, type Refusal } from './headers.js';
import type { Clock, Key, Scheme, SignatureHeaders, SignedRequest, Verdict } from './scheme.js';
import type { SignedValues } from './signed-content.js';
import {
  type SignedFieldsOptions,
  signedRequestFormat,
  type SignedRequestOptions,
} from './signed-request.js';

/** What is computed, wherever the result stands. */
export interface HmacSettings {
  /** Default `hmac`. */
  readonly name?: string;
  readonly algorithm: DigestAlgorithm;
  readonly encoding: SignatureEncoding;
  readonly secret?: SecretFormat;
}

/** What a provider decides about its HMAC. */
export interface HmacOptions extends SignedRequestOptions, HmacSettings {}

/** An HMAC is computed while its request waits: neither verifying nor signing is ever a promise. */
export interface HmacScheme extends Scheme<KeyObject> {
  verify(request: SignedRequest, keys: readonly Key<KeyObject>[], clock: Clock): Verdict;
  sign(request: SignedRequest, keys: readonly Key<KeyObject>[], clock: Clock): SignatureHeaders;
}

/**
 * HMAC over the body, or over a template of body, time, id and URL, in a header.
 *
 * @param options what differs between providers
 * @throws RangeError when the template of the content is not one
 * @example hmac({ header: 'X-Hub-Signature-256', algorithm: 'sha256', encoding: 'hex', grammar: { kind: 'bare', prefix: 'sha256=' } })
 */
export function hmac(options: HmacOptions): HmacScheme {
  const { sign, verifier } = hmacParts(options);
  return { ...verifier, sign };
}

/** The two halves of an HMAC scheme; where the signature stands in a field, the signing half cannot be used. */
export function hmacParts(options: HmacSettings & (SignedRequestOptions | SignedFieldsOptions)): {
  readonly verifier: Omit<HmacScheme, 'sign'>;
  readonly sign: HmacScheme['sign'];
} {
  const { algorithm, timestamp } = options;
  const digest = digestText(algorithm, options.encoding);
  const format = signedRequestFormat(options, digest);
  if (format.content.variables.includes('secret')) throw new RangeError('an HMAC does not sign its secret');

  function mac(key: KeyObject, request: SignedRequest, values: SignedValues): string | Refusal {
    const sink = createHmac(algorithm, key);
    return format.content.write(sink, request, values) ?? sink.digest(digest.encoding);
  }

  function verify(request: SignedRequest, keys: readonly Key<KeyObject>[], clock: Clock): Verdict {
    if (keys.length === 0) return refused('no_secret');
    const evidence = format.read(request);
    if ('ok' in evidence) return evidence;
    for (const key of keys) {
      const expected = mac(key.material, request, evidence);
      if (typeof expected !== 'string') return expected;
      for (const candidate of evidence.candidates) {
        if (digest.same(candidate, expected)) return format.accept(request, key.id, evidence, clock);
      }
    }
    return format.mismatch(evidence);
  }

  function sign(request: SignedRequest, keys: readonly Key<KeyObject>[], clock: Clock): SignatureHeaders {
    if (keys.length === 0) throw new Error('cannot sign without a key');
    const values = format.freshValues(request, clock);
    const signatures = keys.slice(0, format.maximumSignatures).map((key) => {
      const signature = mac(key.material, request, values);
      if (typeof signature === 'string') return digest.spelled(signature);
      throw new Error('cannot sign: a header that the signature covers is missing from the request');
    });
    return format.headersOf(signatures, values);
  }

  const verifier = {
    name: options.name ?? 'hmac',
    signatureHeaders: format.headerNames,
    signsTimestamp: timestamp !== undefined,
    defaultToleranceSeconds: timestamp?.toleranceSeconds ?? null,
    secretUse: 'compute',
    prepareKey: (plainSecret: string) => prepareSecret(plainSecret, options.secret),
    verify,
  } as const;
  return { verifier, sign };
}
