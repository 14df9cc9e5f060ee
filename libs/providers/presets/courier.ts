import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Courier counts the time in milliseconds. The tolerance is ours: none is known. */
export const courier: ProviderPreset = {
  id: 'courier',
  name: 'Courier',
  docsUrl: 'https://www.courier.com/docs/platform/workspace/outbound-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'courier-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'signature', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'milliseconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the signing secret of the webhook, used as it stands', source: 'imported' },
  eventType: json('/type'),
  setup: [
    'In Courier: Settings → Outbound webhooks → New destination, URL {ingest_url}.',
    'Import the secret of the webhook as a callback secret of the source.',
  ],
};
