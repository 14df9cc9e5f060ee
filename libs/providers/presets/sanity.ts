import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Sanity: base64url without padding, and milliseconds. Its own toolkit checks no age; retries go on for half an hour. */
export const sanity: ProviderPreset = {
  id: 'sanity',
  name: 'Sanity',
  docsUrl: 'https://github.com/sanity-io/webhook-toolkit',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'sanity-webhook-signature',
    algorithm: 'sha256',
    encoding: 'base64url',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'milliseconds', toleranceSeconds: 3600 },
  }),
  secret: { format: 'the secret you set for the webhook', source: 'either' },
  eventId: header('idempotency-key'),
  uncovered: 'The idempotency key, which stands in a header of its own.',
  setup: [
    'In sanity.io/manage: API → Webhooks → Create webhook, URL {ingest_url}',
    'Set a secret of at least 16 characters and import the same as a callback secret',
  ],
};
