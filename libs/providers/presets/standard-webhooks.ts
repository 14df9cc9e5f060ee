import { standardWebhooks as standardWebhooksScheme } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Standard Webhooks with a shared secret; the id is the same on every retry, and signed. */
export const standardWebhooks: ProviderPreset = {
  id: 'standard-webhooks',
  name: 'Standard Webhooks (any sender)',
  docsUrl: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooksScheme(),
  secret: { format: 'whsec_ and base64 of 24 to 64 bytes; the decoded bytes are the key', source: 'either' },
  eventId: header('webhook-id'),
  eventType: json('/type'),
  setup: [
    'Give the sender {ingest_url} as its endpoint.',
    'Import the secret that the sender shows, or make one and give it to the sender.',
  ],
};
