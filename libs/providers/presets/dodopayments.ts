import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Standard Webhooks. */
export const dodopayments: ProviderPreset = {
  id: 'dodopayments',
  name: 'Dodo Payments',
  docsUrl: 'https://docs.dodopayments.com/developer-resources/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks(),
  secret: { format: 'whsec_… as shown by Dodo Payments', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: json('/type'),
  setup: [
    'In Dodo Payments: Developer → Webhooks → Add webhook, URL {ingest_url}.',
    'Import the signing key as a callback secret of the source.',
  ],
};
