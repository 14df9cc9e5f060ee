import type { DigestAlgorithm, DigestText, SecretFormat, SignatureEncoding } from './encoding.js';
import { refused, type Refusal } from './headers.js';
import type { Clock, Key, PreparedKey, Scheme, SignatureHeaders, SignedRequest, Verdict } from './scheme.js';
import type { SignedValues } from './signed-content.js';
import type { SignedFieldsOptions, SignedRequestFormat, SignedRequestOptions } from './signed-request.js';

/** What is computed, wherever the result stands. */
export interface KeyedDigestSettings {
  /** Default: that of its kind. */
  readonly name?: string;
  readonly algorithm: DigestAlgorithm;
  readonly encoding: SignatureEncoding;
  readonly secret?: SecretFormat;
}

/** A digest that both sides compute with the same secret, and everything around it. */
export interface KeyedDigestParts<Material> {
  readonly name: string;
  readonly timestamp: (SignedRequestOptions | SignedFieldsOptions)['timestamp'];
  readonly digest: DigestText;
  readonly format: SignedRequestFormat;
  readonly prepareKey: (plainSecret: string) => PreparedKey<Material>;
  /** The digest of a request in {@link DigestText.encoding}, or why it has none. */
  readonly compute: (key: Material, request: SignedRequest, values: SignedValues) => string | Refusal;
}

/** Such a digest is computed while its request waits: neither verifying nor signing is ever a promise. */
export interface KeyedDigestScheme<Material> extends Scheme<Material> {
  verify(request: SignedRequest, keys: readonly Key<Material>[], clock: Clock): Verdict;
  sign(request: SignedRequest, keys: readonly Key<Material>[], clock: Clock): SignatureHeaders;
}

/** Its two halves: where the signature stands in a field, the signing half cannot be used. */
export interface KeyedDigest<Material> {
  readonly verifier: Omit<KeyedDigestScheme<Material>, 'sign'>;
  readonly sign: KeyedDigestScheme<Material>['sign'];
}

/**
 * Verifies by computing what the sender computed, and signs likewise.
 *
 * @param parts what differs between kinds of digests
 */
export function keyedDigest<Material>(parts: KeyedDigestParts<Material>): KeyedDigest<Material> {
  const { name, timestamp, digest, format, prepareKey, compute } = parts;

  function verify(request: SignedRequest, keys: readonly Key<Material>[], clock: Clock): Verdict {
    if (keys.length === 0) return refused('no_secret');
    const evidence = format.read(request);
    if ('ok' in evidence) return evidence;
    for (const key of keys) {
      const expected = compute(key.material, request, evidence);
      if (typeof expected !== 'string') return expected;
      for (const candidate of evidence.candidates) {
        if (digest.same(candidate, expected)) return format.accept(request, key.id, evidence, clock);
      }
    }
    return format.mismatch(evidence);
  }

  function sign(request: SignedRequest, keys: readonly Key<Material>[], clock: Clock): SignatureHeaders {
    if (keys.length === 0) throw new Error('cannot sign without a key');
    const values = format.freshValues(request, clock);
    const signatures = keys.slice(0, format.maximumSignatures).map((key) => {
      const signature = compute(key.material, request, values);
      if (typeof signature === 'string') return digest.spelled(signature);
      throw new Error('cannot sign: something that the signature covers is missing from the request');
    });
    return format.headersOf(signatures, values);
  }

  const verifier = {
    name,
    signatureHeaders: format.headerNames,
    signsTimestamp: timestamp !== undefined,
    defaultToleranceSeconds: timestamp?.toleranceSeconds ?? null,
    secretUse: 'compute',
    prepareKey,
    verify,
  } as const;
  return { verifier, sign };
}
