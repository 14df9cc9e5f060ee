import { publicKey } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Token.io: Ed25519 over the body; key and signature are spelled in the alphabet of URLs. */
export const tokenio: ProviderPreset = {
  id: 'tokenio',
  name: 'Token.io',
  docsUrl: 'https://docs.token.io/products/tpp/integration-considerations/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: publicKey({
    header: 'token-signature',
    algorithm: { kind: 'ed25519' },
    encoding: 'base64url',
    key: { format: 'raw-base64url' },
  }),
  secret: { format: "the member's public key (43 characters of base64url)", source: 'imported' },
  eventType: header('token-event'),
  uncovered: 'The headers, so also the type of the event, and the age.',
  setup: [
    'In the Token.io dashboard: Settings → Member Information → import the public key as a callback secret.',
    'Call PUT /webhook/config with the types of event and the URL {ingest_url}.',
  ],
};
