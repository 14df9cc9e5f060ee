import { hmac } from '#signatures';
import { firstOf, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Uber Eats, Uber Direct and Uber's other products: the bare body is signed, and an empty reply is wanted. */
export const uber: ProviderPreset = {
  id: 'uber',
  name: 'Uber (Eats, Direct)',
  docsUrl: 'https://developer.uber.com/docs/eats/guides/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Uber-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: {
    format: 'the client secret of the app; for Direct the signing key of the webhook',
    source: 'imported',
  },
  eventId: json('/event_id'),
  eventType: firstOf(json('/event_type'), json('/kind')),
  uncovered: 'The age: whoever saw a callback can send it again.',
  reply: { status: 200, contentType: 'text/plain', body: '' },
  setup: [
    'In the Uber developer dashboard: Setup → Webhooks → Primary Webhook URL {ingest_url}; for Direct: direct.uber.com → Developer → Webhooks',
    'Import the client secret, or for Direct the webhook signing key, as a callback secret',
  ],
};
