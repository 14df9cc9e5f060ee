import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * WooCommerce signs the bare body. Its delivery id is a hash of webhook and second, so two deliveries can share one: it
 * identifies nothing. A new webhook is tried with an unsigned form first.
 */
export const woocommerce: ProviderPreset = {
  id: 'woocommerce',
  name: 'WooCommerce',
  docsUrl: 'https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-WC-Webhook-Signature', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'the secret of the webhook', source: 'either' },
  eventType: header('X-WC-Webhook-Topic'),
  uncovered: 'The time and the headers, among them the topic.',
  handshake: {
    description: 'An unsigned POST of just webhook_id=<number> is answered with 200.',
    isSigned: false,
    answer: ({ body }) => {
      const isPing = body.length <= 32 && /^webhook_id=\d{1,20}$/.test(body.toString('latin1'));
      return isPing ? { status: 200, headers: [['Content-Type', 'text/plain']], body: '' } : null;
    },
  },
  setup: [
    'In WooCommerce: Settings → Advanced → Webhooks → Add webhook, delivery URL {ingest_url}',
    'Set a secret of at least 16 characters and import the same as a callback secret',
  ],
};
