import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** HMAC of the raw body; the bodies have no id of the event. */
export const logto: ProviderPreset = {
  id: 'logto',
  name: 'Logto',
  docsUrl: 'https://docs.logto.io/developers/webhooks/secure-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'logto-signature-sha-256', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the signing key of the webhook, used as it stands', source: 'imported' },
  eventType: json('/event'),
  setup: [
    'In Logto: Webhooks → Create webhook, endpoint URL {ingest_url}.',
    'Import its signing key as a callback secret.',
  ],
};
