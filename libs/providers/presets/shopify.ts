import { hmac, type HmacScheme, readHeader, refused, type SignedRequest } from '#signatures';
import { firstOf, header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const webhooks = hmac({ header: 'X-Shopify-Hmac-Sha256', algorithm: 'sha256', encoding: 'base64' });
const events = hmac({ header: 'Shopify-Hmac-Sha256', algorithm: 'sha256', encoding: 'base64' });

/**
 * Shopify: base64 over the bare body. Webhooks and Events differ in the names of their headers only. X-Shopify-Webhook-Id is
 * the same for all attempts of one delivery; X-Shopify-Event-Id is shared by every subscription that one event concerns.
 * After a rotation the old secret goes on signing for up to an hour.
 */
export const shopify: ProviderPreset = {
  id: 'shopify',
  name: 'Shopify',
  docsUrl: 'https://shopify.dev/docs/apps/build/webhooks/verify-deliveries',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: eitherOf(webhooks, events),
  secret: {
    format: 'the client secret of the app, or the key shown under Notifications',
    source: 'imported',
  },
  eventId: firstOf(header('X-Shopify-Webhook-Id'), header('Shopify-Webhook-Id')),
  eventType: firstOf(header('X-Shopify-Topic'), header('Shopify-Topic')),
  uncovered: 'The time and the headers, among them the topic, the shop and the id.',
  setup: [
    'In the app: subscribe {ingest_url} to the topics wanted (shopify.app.toml or webhookSubscriptionCreate), or in the admin: Settings → Notifications → Webhooks',
    'Import the client secret of the app, or the key shown on that page, as a callback secret',
  ],
};

function eitherOf(ofWebhooks: HmacScheme, ofEvents: HmacScheme): HmacScheme {
  const chosen = (request: SignedRequest): HmacScheme => (isThere(request, ofEvents) ? ofEvents : ofWebhooks);
  return {
    ...ofWebhooks,
    signatureHeaders: [...ofWebhooks.signatureHeaders, ...ofEvents.signatureHeaders],
    // Shopify's library looks for the header of Events first: with both, it would not look at the one that was verified.
    verify: (request, keys, clock) =>
      isThere(request, ofWebhooks) && isThere(request, ofEvents)
        ? refused('signature_malformed')
        : chosen(request).verify(request, keys, clock),
    sign: (request, keys, clock) => chosen(request).sign(request, keys, clock),
    otherwise: (deviation) => eitherOf(ofWebhooks.otherwise(deviation), ofEvents.otherwise(deviation)),
  };
}

function isThere({ headers }: SignedRequest, { signatureHeaders: [name = ''] }: HmacScheme): boolean {
  const reading = readHeader(headers, name.toLowerCase());
  return reading.ok || reading.reason !== 'signature_missing';
}
