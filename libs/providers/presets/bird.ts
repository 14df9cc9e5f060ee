import { hash, randomUUID } from 'node:crypto';
import { jwtWithBodyHash } from '#signatures';
import type { ProviderPreset } from '../preset.js';

const LIFETIME_SECONDS = 60;

/**
 * A JSON Web Token that lives for a minute and claims hashes of URL and body. The tolerance is ours: the SDKs
 * allow none.
 */
export const bird: ProviderPreset = {
  id: 'bird',
  name: 'Bird (MessageBird)',
  docsUrl: 'https://developers.messagebird.com/api/#verifying-http-requests',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: jwtWithBodyHash({
    header: 'MessageBird-Signature-JWT',
    issuer: 'MessageBird',
    bodyClaim: { name: 'payload_hash', encoding: 'hex' },
    defaultToleranceSeconds: 30,
    freshClaims: ({ url, bodyHash, nowSeconds }) => ({
      iss: 'MessageBird',
      nbf: nowSeconds,
      exp: nowSeconds + LIFETIME_SECONDS,
      jti: randomUUID(),
      url_hash: hash('sha256', url, 'hex'),
      payload_hash: bodyHash,
    }),
  }),
  secret: { format: 'the signing key of the account, used as it stands', source: 'imported' },
  uncovered: 'The URL: the hash of it in the token is not compared.',
  setup: [
    'In Bird: Developers → API settings → Signing key; use {ingest_url} as the callback URL.',
    'Import the signing key as a callback secret of the source.',
  ],
};
