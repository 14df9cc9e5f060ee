import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Tally signs the bare body, if a signing secret is set. */
export const tally: ProviderPreset = {
  id: 'tally',
  name: 'Tally',
  docsUrl: 'https://tally.so/help/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'Tally-Signature', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'the signing secret you set for the webhook', source: 'either' },
  eventId: json('/eventId'),
  eventType: json('/eventType'),
  uncovered: 'The age: whoever saw a callback can send it again.',
  setup: [
    'In Tally: your form → Integrations → Webhooks → Connect, endpoint URL {ingest_url}',
    'Add a signing secret of at least 16 characters and import the same as a callback secret',
  ],
};
