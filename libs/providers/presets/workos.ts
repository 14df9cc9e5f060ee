import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** WorkOS: the time is in milliseconds, and a blank follows the comma. */
export const workos: ProviderPreset = {
  id: 'workos',
  name: 'WorkOS',
  docsUrl: 'https://workos.com/docs/events/data-syncing/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'WorkOS-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'milliseconds', toleranceSeconds: 180 },
  }),
  secret: { format: 'the secret of the webhook endpoint, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/event'),
  setup: [
    'In the WorkOS dashboard: Webhooks → Create webhook, endpoint URL {ingest_url}, and choose the events',
    'Import its secret as a callback secret',
  ],
};
