import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Parts of the header are parted by semicolons, with one h1 for each live secret. The SDKs allow 5 s, which two
 * clocks can differ by; replays are known by their event id.
 */
export const paddle: ProviderPreset = {
  id: 'paddle',
  name: 'Paddle (Billing)',
  docsUrl: 'https://developer.paddle.com/webhooks/signature-verification',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'Paddle-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ';', signature: 'h1', timestamp: 'ts' },
    content: '${timestamp}:${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'pdl_ntfset_… as shown, used as it stands', source: 'imported' },
  eventId: json('/event_id'),
  eventType: json('/event_type'),
  setup: [
    'In Paddle: Developer tools → Notifications → New destination, URL {ingest_url}.',
    'Import the secret key of the destination (pdl_ntfset_…) as a callback secret.',
  ],
};
