import { hmac } from '#signatures';
import { joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Time and body stand side by side with nothing between them; the key is the decoded hex. The tolerance is ours:
 * none is known.
 */
export const closeCrm: ProviderPreset = {
  id: 'close-crm',
  name: 'Close',
  docsUrl: 'https://developer.close.com/api/resources/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'close-sig-hash',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${timestamp}${body}',
    timestamp: { header: 'close-sig-timestamp', unit: 'seconds', toleranceSeconds: 300 },
    secret: { decode: 'hex' },
  }),
  secret: { format: 'signature_key, hex, as the create call returns it once', source: 'imported' },
  eventId: json('/event/id'),
  eventType: joined('.', json('/event/object_type'), json('/event/action')),
  setup: [
    'Create the subscription by POST /api/v1/webhook/ with url {ingest_url}.',
    'Import the signature_key of the answer as a callback secret of the source.',
  ],
};
