import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** One request carries up to 250 events, so neither id nor type of a single one stands for it. */
export const gocardless: ProviderPreset = {
  id: 'gocardless',
  name: 'GoCardless',
  docsUrl: 'https://developer.gocardless.com/api-reference/#appendix-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'Webhook-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'any text, used as it stands', source: 'either' },
  setup: [
    'In GoCardless: Developers → Create → Webhook endpoint, URL {ingest_url}.',
    'Import the secret of the endpoint as a callback secret.',
  ],
};
