import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * SHA-512 over three headers: time, nonce and the id of the webhook. The form of the time is not documented, so
 * its age is not judged.
 */
export const moov: ProviderPreset = {
  id: 'moov',
  name: 'Moov',
  docsUrl: 'https://docs.moov.io/guides/webhooks/check-webhook-signatures',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Signature',
    algorithm: 'sha512',
    encoding: 'hex',
    content: '${header:X-Timestamp}|${header:X-Nonce}|${header:X-Webhook-ID}',
  }),
  secret: { format: 'the signing secret of the webhook, used as it stands', source: 'imported' },
  eventId: json('/eventID'),
  eventType: json('/type'),
  uncovered: 'The body: the signature covers the headers X-Timestamp, X-Nonce and X-Webhook-ID only.',
  setup: [
    'In Moov: Developers → Webhooks → Add, URL {ingest_url}.',
    'Import its signing secret as a callback secret.',
  ],
};
