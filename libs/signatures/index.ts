// How callbacks are signed: algorithms and header grammars, over bytes.
// May know: node:crypto. Gets time and keys as arguments.
// Must not: touch network, files, clock, or know any provider by name.
export * from './scheme.js';
export { withAlternativeKeys } from './alternative-keys.js';
export { certificateSignature, type CertificateOptions, type CertifiedMessageReader } from './certificate.js';
export { certifiedHeaders, certifiedJson } from './certified-message.js';
export type { AsymmetricAlgorithm, Claims } from './compact-jws.js';
export { detachedJws, type DetachedJwsOptions, type JwsSubscription } from './detached-jws.js';
export { digestWithSecret, type DigestWithSecretOptions } from './digest-with-secret.js';
export type { DigestAlgorithm, HashAlgorithm, SecretFormat, SignatureEncoding } from './encoding.js';
export type { ExpectedClaims } from './expectation.js';
export { type FormField, urlEncodedFields } from './form.js';
export { type FreshHeaders, withFreshHeaders } from './fresh-headers.js';
export { headerPairs, type HeaderGrammar, LIMITS, readHeader, type Refusal, refused } from './headers.js';
export type { AskProvider, ClientCredentials, HandedOutKeys, KeyQuestion } from './handed-out-key.js';
export { hmac, type HmacOptions, type HmacScheme, type HmacSettings } from './hmac.js';
export { hmacInBody, type HmacInBodyOptions } from './hmac-in-body.js';
export { hmacOverUrl, type HmacOverUrlOptions } from './hmac-over-url.js';
export { jsonPointer, parseJson, type JsonReader } from './json-pointer.js';
export {
  type ClaimsJudge,
  jwsWithCertificates,
  type JwsWithCertificatesOptions,
} from './jws-with-certificates.js';
export { jwtByGivenKey, type JwtByGivenKeyOptions } from './jwt-by-given-key.js';
export { jwtByHandedOutKey, type JwtByHandedOutKeyOptions } from './jwt-by-handed-out-key.js';
export { jwtByPublishedKeys, type JwtByPublishedKeysOptions } from './jwt-by-published-keys.js';
export {
  jwtWithBodyHash,
  type JwtWithBodyHashOptions,
  type TokenFacts,
  type TokenKey,
} from './jwt-with-body-hash.js';
export { phpMember } from './php-json.js';
export { publicKey, type PublicKeyOptions } from './public-key.js';
export { type FieldPlace, queryFields, type RequestFields } from './request-fields.js';
export { basic, bearer, sharedToken, type Credential, type TokenPlace } from './shared-credential.js';
export {
  type NamedSignature,
  signatureByHandedOutKey,
  type SignatureByHandedOutKeyOptions,
} from './signature-by-handed-out-key.js';
export {
  signatureByPublishedKeys,
  type SignatureByPublishedKeysOptions,
} from './signature-by-published-keys.js';
export type { SignedPieces, SignedValues } from './signed-content.js';
export type { SignedFieldsOptions, SignedRequestOptions } from './signed-request.js';
export type { TimeUnit } from './signed-time.js';
export type { BodyClaim } from './token-claims.js';
export { unsigned } from './unsigned.js';
export {
  standardWebhooks,
  standardWebhooksAsymmetric,
  SVIX_HEADERS,
  WEBHOOK_HEADERS,
  type StandardHeaders,
  type StandardWebhooksOptions,
} from './standard-webhooks.js';
