import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Shopify: base64 over the bare body. X-Shopify-Webhook-Id is the same for all attempts of one delivery; X-Shopify-Event-Id is
 * shared by every subscription that one event concerns. After a rotation the old secret goes on signing for up to an hour.
 */
export const shopify: ProviderPreset = {
  id: 'shopify',
  name: 'Shopify',
  docsUrl: 'https://shopify.dev/docs/apps/build/webhooks/verify-deliveries',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Shopify-Hmac-Sha256', algorithm: 'sha256', encoding: 'base64' }),
  secret: {
    format: 'the client secret of the app, or the key shown under Notifications',
    source: 'imported',
  },
  eventId: header('X-Shopify-Webhook-Id'),
  eventType: header('X-Shopify-Topic'),
  uncovered: 'The time and the headers, among them the topic, the shop and the id.',
  setup: [
    'In the app: subscribe {ingest_url} to the topics wanted (shopify.app.toml or webhookSubscriptionCreate), or in the admin: Settings → Notifications → Webhooks',
    'Import the client secret of the app, or the key shown on that page, as a callback secret',
  ],
};
