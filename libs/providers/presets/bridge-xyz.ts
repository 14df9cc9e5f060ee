import { createHash } from 'node:crypto';
import { publicKey } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Bridge signs not time and body but their SHA-256, which RSA-SHA256 then hashes once more: its test data say so. */
export const bridgeXyz: ProviderPreset = {
  id: 'bridge-xyz',
  name: 'Bridge (bridge.xyz)',
  docsUrl: 'https://apidocs.bridge.xyz/platform/additional-information/webhooks/signature',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: publicKey({
    header: 'X-Webhook-Signature',
    grammar: { kind: 'fields', separator: ',', signature: 'v0', timestamp: 't' },
    algorithm: { kind: 'rsa', hash: 'sha256' },
    encoding: 'base64',
    key: { format: 'pem' },
    content: ({ body }, { timestamp = '' }) => [
      createHash('sha256').update(`${timestamp}.`).update(body).digest(),
    ],
    timestamp: { unit: 'milliseconds', toleranceSeconds: 600 },
  }),
  secret: { format: 'the public key of the webhook (PEM)', source: 'imported' },
  eventId: json('/event_id'),
  eventType: json('/event_type'),
  setup: [
    'Call POST https://api.bridge.xyz/v0/webhooks with the URL {ingest_url}.',
    'Import the public_key of the answer as a callback secret, and enable the webhook.',
  ],
};
