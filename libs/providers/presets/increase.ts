import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Standard Webhooks; the category of the event is its type. */
export const increase: ProviderPreset = {
  id: 'increase',
  name: 'Increase',
  docsUrl: 'https://increase.com/documentation/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks(),
  secret: { format: 'whsec_… as shown; the base64 after the prefix is decoded', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: json('/category'),
  setup: [
    'In Increase: Developers → Webhooks → Add, URL {ingest_url}.',
    'Import the signing secret whsec_… as a callback secret.',
  ],
};
