import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Standard Webhooks on the wire, but the key is the text of the secret: the SDK encodes it before its library
 * decodes it.
 */
export const polar: ProviderPreset = {
  id: 'polar',
  name: 'Polar',
  docsUrl: 'https://polar.sh/docs/integrate/webhooks/delivery',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks({
    secret: { decode: 'text', stripPrefixes: [], minimumBytes: 16, maximumBytes: 1024 },
  }),
  secret: { format: 'the secret as shown, used as it stands', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: json('/type'),
  setup: [
    'In Polar: Settings → Webhooks → Add Endpoint, URL {ingest_url}, format Raw.',
    'Generate the secret there and import it as a callback secret.',
  ],
};
