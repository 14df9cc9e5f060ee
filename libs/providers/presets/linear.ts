import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * The time stands inside the signed body, so a redelivery shows the first one. Linear sends the newer header
 * Linear-Timestamp unsigned; it is not looked at.
 */
export const linear: ProviderPreset = {
  id: 'linear',
  name: 'Linear',
  docsUrl: 'https://linear.app/developers/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'Linear-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    timestamp: { jsonPointer: '/webhookTimestamp', unit: 'milliseconds', toleranceSeconds: 60 },
  }),
  secret: { format: 'lin_wh_… as shown, used as it stands', source: 'imported' },
  eventId: header('Linear-Delivery'),
  eventType: header('Linear-Event'),
  uncovered: 'The headers, so also the id and the type of the event.',
  setup: [
    'In Linear: Settings → API → New webhook, URL {ingest_url}.',
    'Import its signing secret as a callback secret.',
  ],
};
