import { randomUUID } from 'node:crypto';
import { jwtWithBodyHash } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/**
 * Signed webhooks of the Messages, Dispatch and Voice APIs. The token has no expiry: Vonage says to judge its age by `iat`
 * but not how; five minutes are ours.
 */
export const vonage: ProviderPreset = {
  id: 'vonage',
  name: 'Vonage',
  docsUrl: 'https://developer.vonage.com/en/getting-started/concepts/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: jwtWithBodyHash({
    name: 'jwt-issued-at',
    header: 'Authorization',
    valuePrefix: 'Bearer ',
    issuer: 'Vonage',
    bodyClaim: { name: 'payload_hash', encoding: 'hex' },
    lifetime: 'age',
    defaultToleranceSeconds: 300,
    freshClaims: ({ bodyHash, nowSeconds }) => ({
      iat: nowSeconds,
      jti: randomUUID(),
      iss: 'Vonage',
      payload_hash: bodyHash,
    }),
  }),
  secret: { format: 'the signature secret of the account, used as it stands', source: 'imported' },
  tokenHeaders: ['authorization'],
  uncovered: 'The URL. Redeliveries are signed without the claims api_key and application_id.',
  setup: [
    'In the Vonage dashboard: API settings → Signature secret; import it as a callback secret.',
    'In Vonage: Applications → your application → Capabilities, use {ingest_url} with POST as its webhook URLs and, for Voice, enable signed webhooks.',
  ],
};
