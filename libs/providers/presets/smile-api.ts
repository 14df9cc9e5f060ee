import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Smile API (getsmileapi.com): HMAC-SHA512 over the bare body. Neither Smile.io nor Smile ID. */
export const smileApi: ProviderPreset = {
  id: 'smile-api',
  name: 'Smile API',
  docsUrl: 'https://docs.getsmileapi.com/reference/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'Smile-Signature', algorithm: 'sha512', encoding: 'hex' }),
  secret: { format: 'the secret of the webhook, used as it stands', source: 'imported' },
  uncovered: 'The age: whoever saw a callback can send it again.',
  setup: [
    'In the Smile developer portal: Webhooks → Add New Webhook, URL {ingest_url}',
    'Import its secret as a callback secret',
  ],
};
