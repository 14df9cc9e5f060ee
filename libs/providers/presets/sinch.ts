import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Sinch Conversation API: body, nonce and time are signed. No tolerance is documented. */
export const sinch: ProviderPreset = {
  id: 'sinch',
  name: 'Sinch (Conversation API)',
  docsUrl: 'https://github.com/sinch/sinch-sdk-node',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'x-sinch-webhook-signature',
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${body}.${id}.${timestamp}',
    timestamp: { header: 'x-sinch-webhook-signature-timestamp', unit: 'seconds', toleranceSeconds: 300 },
    // The nonce. Without a full stop in it, nothing of the body can be passed off as its beginning.
    id: { header: 'x-sinch-webhook-signature-nonce', pattern: /^[A-Za-z0-9_-]+$/ },
  }),
  secret: { format: 'the secret you set for the webhook', source: 'either' },
  setup: [
    'In Sinch: Conversation API → your app → Webhooks → add a webhook with the target URL {ingest_url}',
    'Set a secret of at least 16 characters and import the same as a callback secret',
  ],
};
