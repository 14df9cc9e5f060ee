import { standardWebhooks, SVIX_HEADERS, WEBHOOK_HEADERS } from '#signatures';
import { firstOf, header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Autumn sends through Svix. */
export const autumn: ProviderPreset = {
  id: 'autumn',
  name: 'Autumn',
  docsUrl: 'https://docs.useautumn.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: standardWebhooks({ headers: [SVIX_HEADERS, WEBHOOK_HEADERS] }),
  secret: { format: 'whsec_… as shown by Autumn', source: 'imported' },
  eventId: firstOf(header('svix-id'), header('webhook-id')),
  eventType: json('/type'),
  setup: [
    'In Autumn: Developer → Webhooks → Add endpoint, URL {ingest_url}.',
    'Import the signing secret whsec_… as a callback secret of the source.',
  ],
};
