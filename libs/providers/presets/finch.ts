import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Standard Webhooks under names of its own; the secret has no prefix. */
export const finch: ProviderPreset = {
  id: 'finch',
  name: 'Finch',
  docsUrl: 'https://developer.tryfinch.com/developer-resources/Webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks({
    headers: [{ signature: 'Finch-Signature', id: 'Finch-Event-Id', timestamp: 'Finch-Timestamp' }],
  }),
  secret: { format: 'base64, as shown by Finch', source: 'imported' },
  eventId: header('Finch-Event-Id'),
  eventType: json('/event_type'),
  setup: [
    'In Finch: Developer → Webhooks → Add webhook, URL {ingest_url}.',
    'Import the secret as a callback secret of the source.',
  ],
};
