import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** HMAC of the raw body in base64. The id in the body is the one of the hook. */
export const picqer: ProviderPreset = {
  id: 'picqer',
  name: 'Picqer',
  docsUrl: 'https://picqer.com/en/api/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'X-Picqer-Signature', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'any text, used as it stands', source: 'either' },
  eventType: json('/event'),
  setup: [
    'Create the hook by the API: POST /api/v1/hooks with the address {ingest_url} and a secret.',
    'Make a callback secret for it, or import the one you chose.',
  ],
};
