import { signatureByPublishedKeys } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Ed25519 over request, user, time and the hash of the body; fal signs for all users alike, so the user must be the expected one. */
export const fal: ProviderPreset = {
  id: 'fal',
  name: 'fal.ai',
  docsUrl: 'https://docs.fal.ai/model-apis/model-endpoints/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: signatureByPublishedKeys({
    header: 'X-Fal-Webhook-Signature',
    algorithm: 'EdDSA',
    encoding: 'hex-any-case',
    keysUrl: 'https://rest.fal.ai/.well-known/jwks.json',
    content: '${id}\n${header:X-Fal-Webhook-User-Id}\n${timestamp}\n${bodySha256}',
    id: { header: 'X-Fal-Webhook-Request-Id' },
    timestamp: { header: 'X-Fal-Webhook-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
    recipient: { header: 'X-Fal-Webhook-User-Id', pattern: /^[\x21-\x7e]{4,256}$/ },
  }),
  secret: { format: 'your user id at fal, as X-Fal-Webhook-User-Id has it; no secret', source: 'imported' },
  eventId: header('X-Fal-Webhook-Request-Id'),
  eventType: json('/status'),
  uncovered: 'The URL and the other headers.',
  setup: [
    'Import your user id at fal as a callback secret; a refused callback shows it in X-Fal-Webhook-User-Id.',
    'Submit to the queue with {ingest_url} as fal_webhook (webhookUrl in the SDKs).',
  ],
};
