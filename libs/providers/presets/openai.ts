import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Standard Webhooks; OpenAI names webhook-id as the key to know a delivery again by, and it is not the id in the
 * body.
 */
export const openai: ProviderPreset = {
  id: 'openai',
  name: 'OpenAI',
  docsUrl: 'https://platform.openai.com/docs/guides/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks(),
  secret: { format: 'whsec_… as shown; the base64 after the prefix is decoded', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: json('/type'),
  setup: [
    'In OpenAI: Settings → Project → Webhooks → Create, URL {ingest_url}.',
    'Import the signing secret whsec_… as a callback secret; it is shown once.',
  ],
};
