import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * The webhooks of Adyen for Platforms, banking and management sign the whole body in a header; the standard
 * payment ones do not. The key is the decoded hex.
 */
export const adyenPlatform: ProviderPreset = {
  id: 'adyen-platform',
  name: 'Adyen for Platforms',
  docsUrl: 'https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'HmacSignature',
    algorithm: 'sha256',
    encoding: 'base64',
    secret: { decode: 'hex' },
  }),
  secret: { format: 'the HMAC key, 64 hex digits', source: 'imported' },
  eventType: json('/type'),
  setup: [
    'In the Adyen Customer Area: Developers → Webhooks → the webhook, URL {ingest_url}, then Generate new HMAC key.',
    'Import the HMAC key as a callback secret of the source.',
  ],
};
