// How callbacks are signed: algorithms and header grammars, over bytes.
// May know: node:crypto, jose. Gets time and keys as arguments.
// Must not: touch network, files, clock, or know any provider by name.
export * from './scheme.js';
export { certificateSignature, type CertificateOptions, type CertifiedMessageReader } from './certificate.js';
export { certifiedHeaders, certifiedJson } from './certified-message.js';
export type { HashAlgorithm, SecretFormat, SignatureEncoding } from './encoding.js';
export { type HeaderGrammar, LIMITS, readHeader, type Refusal, refused } from './headers.js';
export { hmac, type HmacOptions, type HmacScheme } from './hmac.js';
export { hmacInBody, type HmacInBodyOptions } from './hmac-in-body.js';
export { hmacOverUrl, type HmacOverUrlOptions } from './hmac-over-url.js';
export { jsonPointer, parseJson, type JsonReader } from './json-pointer.js';
export { jwtByPublishedKeys, type JwtByPublishedKeysOptions } from './jwt-by-published-keys.js';
export {
  type BodyClaim,
  jwtWithBodyHash,
  type JwtWithBodyHashOptions,
  type TokenFacts,
} from './jwt-with-body-hash.js';
export { publicKey, type PublicKeyOptions } from './public-key.js';
export { basic, bearer, sharedToken, type Credential, type TokenPlace } from './shared-credential.js';
export type { SignedRequestOptions } from './signed-request.js';
export type { TimeUnit } from './signed-time.js';
export {
  standardWebhooks,
  standardWebhooksAsymmetric,
  SVIX_HEADERS,
  WEBHOOK_HEADERS,
  type StandardHeaders,
  type StandardWebhooksOptions,
} from './standard-webhooks.js';
