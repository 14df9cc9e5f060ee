import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Standard Webhooks; the body is the event itself, with its type in event_type. */
export const lithic: ProviderPreset = {
  id: 'lithic',
  name: 'Lithic',
  docsUrl: 'https://docs.lithic.com/docs/events-api',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks(),
  secret: { format: 'whsec_… as shown; the base64 after the prefix is decoded', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: json('/event_type'),
  setup: [
    'In Lithic: create an event subscription with the URL {ingest_url}.',
    'Read its secret (whsec_…) by the API and import it as a callback secret.',
  ],
};
