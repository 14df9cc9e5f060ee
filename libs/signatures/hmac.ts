import { createHmac, type KeyObject } from 'node:crypto';
import { digestInAnySpelling, digestText, prepareSecret } from './encoding.js';
import {
  keyedDigest,
  type KeyedDigest,
  type KeyedDigestScheme,
  type KeyedDigestSettings,
} from './keyed-digest.js';
import type { Deviation } from './scheme.js';
import {
  type SignedFieldsOptions,
  signedRequestFormat,
  type SignedRequestOptions,
} from './signed-request.js';

/** What is computed, wherever the result stands; the name is `hmac` by default. */
export type HmacSettings = KeyedDigestSettings;

/** What a provider decides about its HMAC. */
export interface HmacOptions extends SignedRequestOptions, HmacSettings {}

/** An HMAC is computed while its request waits: neither verifying nor signing is ever a promise. */
export interface HmacScheme extends KeyedDigestScheme<KeyObject> {
  readonly otherwise: (deviation: Deviation) => HmacScheme;
}

/**
 * HMAC over the body, or over a template of body, time, id and URL, in a header.
 *
 * @param options what differs between providers
 * @throws RangeError when the template of the content is not one
 * @example hmac({ header: 'X-Hub-Signature-256', algorithm: 'sha256', encoding: 'hex', grammar: { kind: 'bare', prefix: 'sha256=' } })
 */
export function hmac(options: HmacOptions): HmacScheme {
  return deviating(options, {});
}

function deviating(options: HmacOptions, deviation: Deviation): HmacScheme {
  const { sign, verifier } = hmacParts(options, deviation);
  return { ...verifier, sign, otherwise: (other) => deviating(options, { ...deviation, ...other }) };
}

/** The two halves of an HMAC scheme; where the signature stands in a field, the signing half cannot be used. */
export function hmacParts(
  options: HmacSettings & (SignedRequestOptions | SignedFieldsOptions),
  { algorithm = options.algorithm, secret = options.secret, spelling }: Deviation = {},
): KeyedDigest<KeyObject> {
  const isAnywhere = spelling === 'any';
  const digest = isAnywhere ? digestInAnySpelling(algorithm) : digestText(algorithm, options.encoding);
  const format = signedRequestFormat(options, { ...digest, isAnywhere });
  if (format.content.variables.includes('secret')) throw new RangeError('an HMAC does not sign its secret');
  return keyedDigest({
    name: options.name ?? 'hmac',
    timestamp: options.timestamp,
    digest,
    format,
    prepareKey: (plainSecret) => prepareSecret(plainSecret, secret),
    compute: (key, request, values) => {
      const sink = createHmac(algorithm, key);
      return format.content.write(sink, request, values) ?? sink.digest(digest.encoding);
    },
  });
}
