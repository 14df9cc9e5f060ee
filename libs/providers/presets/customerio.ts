import { hmac } from '#signatures';
import { joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** As Slack signs, but the header holds the bare signature without v0=. The tolerance is ours: none is known. */
export const customerio: ProviderPreset = {
  id: 'customerio',
  name: 'Customer.io',
  docsUrl: 'https://docs.customer.io/journeys/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-CIO-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: 'v0:${timestamp}:${body}',
    timestamp: { header: 'X-CIO-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the signing key of the reporting webhook, used as it stands', source: 'imported' },
  eventId: json('/event_id'),
  eventType: joined('.', json('/object_type'), json('/metric')),
  setup: [
    'In Customer.io: Data & Integrations → Integrations → Reporting Webhooks → Add, endpoint {ingest_url}.',
    'Import the signing key of the webhook as a callback secret of the source.',
  ],
};
