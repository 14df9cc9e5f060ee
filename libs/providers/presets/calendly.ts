import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Calendly recommends three minutes. A subscription made without a signing key is not signed at all. */
export const calendly: ProviderPreset = {
  id: 'calendly',
  name: 'Calendly',
  docsUrl: 'https://developer.calendly.com/api-docs/overview/webhooks/webhook-signatures',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'Calendly-Webhook-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 180 },
  }),
  secret: { format: 'the signing_key of the subscription, or of the OAuth application', source: 'either' },
  eventType: json('/event'),
  setup: [
    'Create the subscription by POST /webhook_subscriptions with url {ingest_url} and, as signing_key, the callback secret of the source.',
    'With an OAuth application: import its webhook signing key as the callback secret instead.',
  ],
};
