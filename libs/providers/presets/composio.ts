import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Standard Webhooks in everything but the key: that is the text of the secret, never decoded. */
export const composio: ProviderPreset = {
  id: 'composio',
  name: 'Composio',
  docsUrl: 'https://docs.composio.dev/docs/webhook-verification',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks({
    secret: { decode: 'text', stripPrefixes: [], minimumBytes: 16, maximumBytes: 256 },
  }),
  secret: { format: 'the secret of the webhook subscription, used as it stands', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: json('/type'),
  setup: [
    'In Composio: Project settings → Webhook, or POST /api/v3/webhook_subscriptions, webhook_url {ingest_url}.',
    'Import the secret of the subscription as a callback secret of the source.',
  ],
};
