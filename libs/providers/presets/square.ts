import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Square signs the URL it was told, character by character, and then the body. */
export const square: ProviderPreset = {
  id: 'square',
  name: 'Square',
  docsUrl: 'https://developer.squareup.com/docs/webhooks/step3validate',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'x-square-hmacsha256-signature',
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${url}${body}',
  }),
  secret: { format: 'the signature key of the subscription, used as it stands', source: 'imported' },
  eventId: json('/event_id'),
  eventType: json('/type'),
  uncovered: 'The age: whoever saw a callback can send it again.',
  setup: [
    'In the Square developer console: Webhooks → Subscriptions → Add subscription, URL {ingest_url} exactly',
    'Import its signature key as a callback secret',
  ],
};
