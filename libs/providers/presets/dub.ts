import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Dub signs the bare body. */
export const dub: ProviderPreset = {
  id: 'dub',
  name: 'Dub',
  docsUrl: 'https://dub.co/docs/concepts/webhooks/introduction',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'Dub-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'whsec_… as shown by Dub, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/event'),
  setup: [
    'In Dub: Settings → Webhooks → Create webhook, URL {ingest_url}.',
    'Import the signing secret as a callback secret of the source.',
  ],
};
