import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Castle signs the bare body with the API secret, so the callback secret also gives access to the API. */
export const castle: ProviderPreset = {
  id: 'castle',
  name: 'Castle',
  docsUrl: 'https://docs.castle.io/docs/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Castle-Signature', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'the API secret, used as it stands', source: 'imported' },
  eventType: json('/type'),
  setup: [
    'In Castle: Settings → Webhooks → Add, URL {ingest_url}.',
    'Import the API secret as a callback secret of the source.',
  ],
};
