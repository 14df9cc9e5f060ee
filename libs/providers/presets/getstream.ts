import { hmac } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * The key is the API secret of the app. A compressed delivery is signed before it is compressed, so it cannot be
 * verified by its bytes.
 */
export const getstream: ProviderPreset = {
  id: 'getstream',
  name: 'Stream (GetStream Chat)',
  docsUrl: 'https://getstream.io/chat/docs/node/webhooks_overview/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the API secret of the app, used as it stands', source: 'imported' },
  eventId: header('X-Webhook-Id'),
  eventType: json('/type'),
  uncovered: 'The headers, so also the id of the event.',
  setup: [
    'In Stream: Chat → Webhooks, URL {ingest_url}; leave the compression of webhooks off.',
    'Import the API secret of the app as a callback secret.',
  ],
};
