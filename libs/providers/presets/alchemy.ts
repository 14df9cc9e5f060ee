import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Alchemy Notify signs the bare body with a key of each webhook. */
export const alchemy: ProviderPreset = {
  id: 'alchemy',
  name: 'Alchemy',
  docsUrl: 'https://www.alchemy.com/docs/reference/notify-api-quickstart',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'X-Alchemy-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the signing key of the webhook, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/type'),
  setup: [
    'In Alchemy: Data → Webhooks → Create webhook, URL {ingest_url}.',
    'Import the signing key of the webhook as a callback secret of the source.',
  ],
};
