import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Standard Webhooks; the API returns the secret without a prefix. */
export const brex: ProviderPreset = {
  id: 'brex',
  name: 'Brex',
  docsUrl: 'https://developer.brex.com/docs/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: standardWebhooks(),
  secret: { format: 'base64, as GET /v1/webhooks/secrets returns it', source: 'imported' },
  eventId: header('Webhook-Id'),
  eventType: json('/event_type'),
  setup: [
    'Register the webhook by POST /v1/webhooks with url {ingest_url}.',
    'Import the active secret of GET /v1/webhooks/secrets as a callback secret of the source.',
  ],
};
