import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** ShipHero signs the bare body; the secret is shown once, by the mutation that makes the webhook. */
export const shiphero: ProviderPreset = {
  id: 'shiphero',
  name: 'ShipHero',
  docsUrl: 'https://developer.shiphero.com/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'x-shiphero-hmac-sha256', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'shared_signature_secret of webhook_create, used as it stands', source: 'imported' },
  eventType: json('/webhook_type'),
  uncovered: 'The time: whoever saw a callback can send it again.',
  setup: [
    'In ShipHero: run the mutation webhook_create with the URL {ingest_url}',
    'Import the shared_signature_secret it returns as a callback secret',
  ],
};
