import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { digestInAnySpelling, digestText, prepareSecretBytes } from './encoding.js';
import { refused } from './headers.js';
import { keyedDigest, type KeyedDigestSettings } from './keyed-digest.js';
import type { Deviation, Scheme } from './scheme.js';
import type { SignedPieces } from './signed-content.js';
import {
  type SignedFieldsOptions,
  signedRequestFormat,
  type SignedRequestOptions,
} from './signed-request.js';

interface DigestSettings extends KeyedDigestSettings {
  /**
   * A template with `${secret}` in the place where the provider puts it; see {@link signedContent}. Behind what a function
   * gives, the secret comes last.
   */
  readonly content: string | SignedPieces;
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
  return deviating(options, {});
}

function deviating(options: DigestWithSecretOptions, deviation: Deviation): Scheme<Buffer> {
  const { algorithm = options.algorithm, secret: secretFormat = options.secret } = deviation;
  const { content } = options;
  const isAnywhere = deviation.spelling === 'any';
  const digest = isAnywhere ? digestInAnySpelling(algorithm) : digestText(algorithm, options.encoding);
  const format = signedRequestFormat(options, { ...digest, isAnywhere });
  const isSecretAppended = typeof content === 'function';
  if (!isSecretAppended && !format.content.variables.includes('secret'))
    throw new RangeError('without ${secret} in the template anybody could sign');
  const isExtensible = !isSecretAppended && !content.endsWith('${secret}');

  const { verifier, sign } = keyedDigest<Buffer>({
    name: options.name ?? 'digest-with-secret',
    timestamp: options.timestamp,
    digest,
    format,
    prepareKey: (plainSecret) => prepareSecretBytes(plainSecret, secretFormat),
    compute: (secret, request, { timestamp, id, fields }) => {
      const sink = createHash(algorithm);
      const refusal = format.content.write(sink, request, { timestamp, id, fields, secret });
      if (refusal !== null) return refusal;
      if (isSecretAppended) sink.update(secret);
      return sink.digest(digest.encoding);
    },
  });
  const verify: typeof verifier.verify = (request, keys, clock) => {
    const verdict = verifier.verify(request, keys, clock);
    return verdict.ok && !isUtf8(request.body) ? refused('signature_mismatch') : verdict;
  };
  const otherwise = (other: Deviation) => deviating(options, { ...deviation, ...other });
  const guarded = { ...verifier, otherwise, ...(isExtensible ? { verify } : {}) };
  return 'header' in options ? { ...guarded, sign } : guarded;
}
