import { hmac } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Razorpay signs the bare body; the id by which a callback is known again stands in a header. */
export const razorpay: ProviderPreset = {
  id: 'razorpay',
  name: 'Razorpay',
  docsUrl: 'https://razorpay.com/docs/webhooks/validate-test/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Razorpay-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the secret you set for the webhook', source: 'either' },
  eventId: header('X-Razorpay-Event-Id'),
  eventType: json('/event'),
  uncovered: 'The time and the headers: whoever saw a callback can send it again, also under another id.',
  setup: [
    'In Razorpay: Account & Settings → Webhooks → Add New Webhook, URL {ingest_url}',
    'Set a secret of at least 16 characters and import the same as a callback secret',
  ],
};
