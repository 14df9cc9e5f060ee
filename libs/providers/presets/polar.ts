import { standardWebhooks, withAlternativeKeys } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Standard Webhooks on the wire. The key of a secret made before 8 September 2026 is its text, prefix included; that of
 * a newer one is what the base64 after whsec_ decodes to. Nothing tells them apart, so both are tried, as Polar's SDK does.
 */
export const polar: ProviderPreset = {
  id: 'polar',
  name: 'Polar',
  docsUrl: 'https://polar.sh/docs/integrate/webhooks/delivery',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: withAlternativeKeys(
    standardWebhooks({
      secret: { decode: 'text', stripPrefixes: [], minimumBytes: 16, maximumBytes: 1024 },
    }),
    standardWebhooks(),
  ),
  secret: { format: 'whsec_… or whatever is shown, unchanged', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: json('/type'),
  setup: [
    'In Polar: Settings → Webhooks → Add Endpoint, URL {ingest_url}, format Raw.',
    'Generate the secret there and import it as a callback secret.',
  ],
};
