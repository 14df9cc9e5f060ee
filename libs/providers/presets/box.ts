import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Two keys sign every delivery, each in a header of its own, and either will do. A retry has a new
 * BOX-DELIVERY-ID; the id in the body stays.
 */
export const box: ProviderPreset = {
  id: 'box',
  name: 'Box',
  docsUrl: 'https://developer.box.com/guides/webhooks/v2/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: ['BOX-SIGNATURE-PRIMARY', 'BOX-SIGNATURE-SECONDARY'],
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${body}${timestamp}',
    timestamp: { header: 'BOX-DELIVERY-TIMESTAMP', unit: 'rfc3339', toleranceSeconds: 600 },
  }),
  secret: { format: 'the primary or secondary signature key, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/trigger'),
  setup: [
    'In the Box Developer Console: your app → Webhooks → Manage signature keys → generate the primary key.',
    'Create a webhook V2 with address {ingest_url}.',
    'Import the primary key, and the secondary one as another, as a callback secret of the source.',
  ],
};
