import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Standard Webhooks on the wire, but the key is the text of the secret with its prefix: the SDK encodes it before
 * its library decodes it.
 */
export const imagekit: ProviderPreset = {
  id: 'imagekit',
  name: 'ImageKit',
  docsUrl: 'https://imagekit.io/docs/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks({
    secret: { decode: 'text', stripPrefixes: [], minimumBytes: 16, maximumBytes: 1024 },
  }),
  secret: { format: 'whsec_… as shown, used as it stands', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: json('/type'),
  setup: [
    'In ImageKit: Developer options → Webhooks → Add new, URL {ingest_url}.',
    'Import the webhook secret whsec_… as a callback secret.',
  ],
};
