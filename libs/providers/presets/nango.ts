import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** HMAC of the raw body. The older header X-Nango-Signature, a plain hash, is not looked at. */
export const nango: ProviderPreset = {
  id: 'nango',
  name: 'Nango',
  docsUrl: 'https://docs.nango.dev/guides/platform/webhooks-from-nango',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Nango-Hmac-Sha256', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the webhook signing key of the environment, used as it stands', source: 'imported' },
  eventType: json('/type'),
  setup: [
    'In Nango: Environment settings → Webhooks, primary URL {ingest_url}.',
    'Import the signing key of the environment as a callback secret.',
  ],
};
