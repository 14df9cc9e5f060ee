import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Stripe: the key is the whole text of the secret, whsec_ included. A v0 signature is for tests only and passed over. */
export const stripe: ProviderPreset = {
  id: 'stripe',
  name: 'Stripe',
  docsUrl: 'https://docs.stripe.com/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'Stripe-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'whsec_… signing secret of the endpoint, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/type'),
  setup: [
    'In Stripe: Developers → Webhooks → Add endpoint, URL {ingest_url}, and choose the events',
    'Reveal the signing secret (whsec_…) of the endpoint and import it as a callback secret',
  ],
};
