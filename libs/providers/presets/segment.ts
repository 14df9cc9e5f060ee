import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Segment: HMAC-SHA1 over the body, and only if a shared secret is set. */
export const segment: ProviderPreset = {
  id: 'segment',
  name: 'Segment',
  docsUrl: 'https://www.twilio.com/docs/segment/connections/destinations/catalog/actions-webhook',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Signature', algorithm: 'sha1', encoding: 'hex' }),
  secret: {
    format: 'the shared secret you set for the destination',
    source: 'either',
  },
  eventId: json('/messageId'),
  eventType: json('/type'),
  uncovered: 'The time: whoever saw a callback can send it again.',
  setup: [
    'In Segment: Connections → Catalog → Webhooks (Actions), and send to {ingest_url}',
    'Set a shared secret of at least 16 characters (Settings → Advanced) and import the same as a callback secret',
  ],
};
