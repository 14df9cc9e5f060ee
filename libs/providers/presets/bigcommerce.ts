import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Standard Webhooks, keyed with the text of the client secret: it is neither prefixed nor base64. */
export const bigcommerce: ProviderPreset = {
  id: 'bigcommerce',
  name: 'BigCommerce',
  docsUrl: 'https://developer.bigcommerce.com/docs/integrations/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: standardWebhooks({ secret: { decode: 'text', stripPrefixes: [], maximumBytes: 256 } }),
  secret: { format: 'the client secret of the app or API account, used as it stands', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: json('/scope'),
  setup: [
    'Create the webhook by POST /stores/{store_hash}/v3/hooks with destination {ingest_url}.',
    'Import the client secret of the account that made it as a callback secret of the source.',
  ],
};
