import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import {
  type DigestAlgorithm,
  digestText,
  prepareSecretBytes,
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

interface DigestSettings {
  /** Default `digest-with-secret`. */
  readonly name?: string;
  readonly algorithm: DigestAlgorithm;
  readonly encoding: SignatureEncoding;
  readonly secret?: SecretFormat;
  /** A template with `${secret}` in the place where the provider puts it; see {@link signedContent}. */
  readonly content: string;
}

/** What a provider decides about its digest, which stands in a header (`header`) or in a field (`signature`). */
export type DigestWithSecretOptions = DigestSettings &
  (Omit<SignedRequestOptions, 'content'> | Omit<SignedFieldsOptions, 'content'>);

/**
 * A plain digest of the message with the secret written into it, e.g. `sha256(secret + body)`.
 *
 * This is weaker than an HMAC, and only here because some senders offer nothing else. With the secret in front, whoever saw
 * one signed message can append to it without knowing the secret (length extension; RFC 2104 exists because of that), and
 * with the secret at the end two messages of the same digest share their signature. Of the first, text is safe: what is
 * appended begins with a byte that no UTF-8 text can continue with, so where something follows the secret a body must be UTF-8
 * (otherwise `signature_mismatch`). Ask the sender for an HMAC where there is a choice, and never choose MD5 or SHA-1 here.
 *
 * @param options what differs between providers
 * @throws RangeError when the template is not one, or has no `${secret}`
 * @example digestWithSecret({ header: 'X-HubSpot-Signature', algorithm: 'sha256', encoding: 'hex', content: '${secret}${body}' })
 */
export function digestWithSecret(options: DigestWithSecretOptions): Scheme<Buffer> {
  const { algorithm } = options;
  const digest = digestText(algorithm, options.encoding);
  const format = signedRequestFormat(options, digest);
  if (!format.content.variables.includes('secret'))
    throw new RangeError('without ${secret} in the template anybody could sign');
  const isExtensible = !options.content.endsWith('${secret}');

  function digestOf(secret: Buffer, request: SignedRequest, values: SignedValues): string | Refusal {
    const sink = createHash(algorithm);
    const { timestamp, id, fields } = values;
    return (
      format.content.write(sink, request, { timestamp, id, fields, secret }) ?? sink.digest(digest.encoding)
    );
  }

  function verify(request: SignedRequest, keys: readonly Key<Buffer>[], clock: Clock): Verdict {
    if (keys.length === 0) return refused('no_secret');
    const evidence = format.read(request);
    if ('ok' in evidence) return evidence;
    if (isExtensible && !isUtf8(request.body)) return refused('signature_mismatch');
    for (const key of keys) {
      const expected = digestOf(key.material, request, evidence);
      if (typeof expected !== 'string') return expected;
      for (const candidate of evidence.candidates) {
        if (digest.same(candidate, expected)) return format.accept(request, key.id, evidence, clock);
      }
    }
    return format.mismatch(evidence);
  }

  function sign(request: SignedRequest, keys: readonly Key<Buffer>[], clock: Clock): SignatureHeaders {
    if (keys.length === 0) throw new Error('cannot sign without a key');
    const values = format.freshValues(request, clock);
    const signatures = keys.slice(0, format.maximumSignatures).map((key) => {
      const signature = digestOf(key.material, request, values);
      if (typeof signature === 'string') return digest.spelled(signature);
      throw new Error('cannot sign: a value that the signature covers is missing from the request');
    });
    return format.headersOf(signatures, values);
  }

  return {
    name: options.name ?? 'digest-with-secret',
    signatureHeaders: format.headerNames,
    signsTimestamp: options.timestamp !== undefined,
    defaultToleranceSeconds: options.timestamp?.toleranceSeconds ?? null,
    secretUse: 'compute',
    prepareKey: (plainSecret) => prepareSecretBytes(plainSecret, options.secret),
    verify,
    ...('header' in options ? { sign } : {}),
  };
}
