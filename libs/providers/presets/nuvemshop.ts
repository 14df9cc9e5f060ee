import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** HMAC of the raw body with the client secret of the app; the bodies name the object, not the event. */
export const nuvemshop: ProviderPreset = {
  id: 'nuvemshop',
  name: 'Nuvemshop / Tiendanube',
  docsUrl: 'https://tiendanube.github.io/api-documentation/resources/webhook',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'x-linkedstore-hmac-sha256', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the client secret of the app, used as it stands', source: 'imported' },
  eventType: json('/event'),
  setup: [
    'Register the webhook by the API: POST /webhooks with the URL {ingest_url}.',
    'Import the client secret of the app as a callback secret.',
  ],
};
