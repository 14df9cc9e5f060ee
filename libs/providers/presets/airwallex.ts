import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Airwallex signs the time in milliseconds and the body with nothing between them; the id of an event stays the
 * same when it is sent again. The tolerance is ours: none is documented.
 */
export const airwallex: ProviderPreset = {
  id: 'airwallex',
  name: 'Airwallex',
  docsUrl: 'https://www.airwallex.com/docs/developer-tools/webhooks/listen-for-webhook-events',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'x-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${timestamp}${body}',
    timestamp: { header: 'x-timestamp', unit: 'milliseconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the secret of the webhook, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/name'),
  setup: [
    'In Airwallex: Settings → Developer → Webhooks → New webhook, notification URL {ingest_url}.',
    'Import the secret of the webhook as a callback secret of the source.',
  ],
};
