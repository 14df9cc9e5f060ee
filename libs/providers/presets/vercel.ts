import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Vercel: HMAC-SHA1 over the bare body. */
export const vercel: ProviderPreset = {
  id: 'vercel',
  name: 'Vercel',
  docsUrl: 'https://vercel.com/docs/webhooks/webhooks-api',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'x-vercel-signature', algorithm: 'sha1', encoding: 'hex' }),
  secret: { format: 'the secret of the webhook, or of the integration', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/type'),
  uncovered: 'The age: whoever saw a callback can send it again.',
  setup: [
    'In Vercel: team Settings → Webhooks → create a webhook with the endpoint {ingest_url}',
    'Import the secret shown then as a callback secret; an integration signs with its client secret',
  ],
};
