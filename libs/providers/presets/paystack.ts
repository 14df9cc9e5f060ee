import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * The bare digest of the body that Paystack's samples have shown for years. A later sample of theirs expects
 * `t=…,v1=<key id>:<digest>` over time and body instead; such headers are refused here.
 */
export const paystack: ProviderPreset = {
  id: 'paystack',
  name: 'Paystack',
  docsUrl: 'https://paystack.com/docs/payments/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'x-paystack-signature', algorithm: 'sha512', encoding: 'hex' }),
  secret: { format: 'the secret key of the integration, used as it stands', source: 'imported' },
  eventType: json('/event'),
  uncovered: 'The URL and the time.',
  setup: [
    'In Paystack: Settings → API Keys & Webhooks, webhook URL {ingest_url}.',
    'Import the secret key shown there as a callback secret; test and live mode have different ones.',
  ],
};
