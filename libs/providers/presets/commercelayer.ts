import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Commerce Layer signs the bare body; the topic stands in a header. */
export const commercelayer: ProviderPreset = {
  id: 'commercelayer',
  name: 'Commerce Layer',
  docsUrl: 'https://docs.commercelayer.io/core/callbacks-security',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'X-CommerceLayer-Signature', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'the shared_secret of the webhook, used as it stands', source: 'imported' },
  eventType: header('X-CommerceLayer-Topic'),
  uncovered: 'The headers, and so the event type, are not signed.',
  setup: [
    'Create the webhook by POST /api/webhooks with callback_url {ingest_url}.',
    'Import the shared_secret of the answer as a callback secret of the source.',
  ],
};
