import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Whoever pastes the whole key need not cut it apart; the half in front of the colon is public. */
function secretHalf(key: Buffer): Buffer {
  return key.subarray(key.indexOf(':') + 1);
}

/**
 * Ably signs with the secret half of the API key that the header X-Ably-Key names. A batch holds events of several
 * kinds and has no id of its own.
 */
export const ably: ProviderPreset = {
  id: 'ably',
  name: 'Ably',
  docsUrl: 'https://ably.com/docs/platform/integrations/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Ably-Signature',
    algorithm: 'sha256',
    encoding: 'base64',
    secret: { derive: secretHalf },
  }),
  secret: { format: 'the API key, name:secret, or only its secret', source: 'imported' },
  eventType: json('/source'),
  setup: [
    'In Ably: Apps → your app → Integrations → New integration rule → Webhook, URL {ingest_url}, with request signing by one of your API keys.',
    'Import that API key as a callback secret of the source. It also gives access to the API: take a key that may do nothing else.',
  ],
};
