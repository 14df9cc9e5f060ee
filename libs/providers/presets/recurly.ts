import { hmac } from '#signatures';
import { joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Recurly's JSON webhooks: the time and a signature for each live key, without names. The time is said to be in milliseconds and
 * shown in seconds, so either is read; the tolerance is that of Recurly's own libraries. XML webhooks are not signed.
 */
export const recurly: ProviderPreset = {
  id: 'recurly',
  name: 'Recurly',
  docsUrl: 'https://docs.recurly.com/recurly-subscriptions/docs/signature-verification',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'recurly-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'positional', separator: ',' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'milliseconds-or-seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the secret key of the webhook endpoint, used as it stands', source: 'imported' },
  eventType: joined('.', json('/object_type'), json('/event_type')),
  setup: [
    'In Recurly: Integrations → Webhooks → Configure → New Endpoint, URL {ingest_url}, payload format JSON.',
    'Import the secret key of the endpoint as a callback secret; after it was regenerated both keys sign for 24 hours.',
  ],
};
