import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** HMAC of the raw body. The id in it is the one of the check or report, which has several events. */
export const onfido: ProviderPreset = {
  id: 'onfido',
  name: 'Onfido',
  docsUrl: 'https://documentation.onfido.com/api/latest/#webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-SHA2-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the token of the webhook, used as it stands', source: 'imported' },
  eventType: json('/payload/action'),
  setup: [
    'In Onfido: Developers → Webhooks → Create webhook, URL {ingest_url}.',
    'Import its token as a callback secret.',
  ],
};
