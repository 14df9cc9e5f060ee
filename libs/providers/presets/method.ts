import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Webhooks made with an hmac_secret; the Authorization header that an auth_token adds is not looked at. */
export const method: ProviderPreset = {
  id: 'method',
  name: 'Method',
  docsUrl: 'https://docs.methodfi.com/reference/webhooks/overview',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'method-webhook-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${timestamp}:${body}',
    timestamp: { header: 'method-webhook-timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the hmac_secret you chose, used as it stands', source: 'either' },
  eventId: json('/event'),
  eventType: json('/type'),
  setup: [
    'Make a callback secret, or import the hmac_secret you have.',
    'Create the webhook by the API: POST /webhooks with the URL {ingest_url} and the secret as hmac_secret.',
  ],
};
