import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Id, time and body stand side by side; the header lists a signature for each live key. The tolerance is ours:
 * none is documented.
 */
export const configcat: ProviderPreset = {
  id: 'configcat',
  name: 'ConfigCat',
  docsUrl: 'https://configcat.com/docs/advanced/notifications-webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-ConfigCat-Webhook-Signature-V1',
    algorithm: 'sha256',
    encoding: 'base64',
    grammar: { kind: 'list', separator: ',' },
    content: '${id}${timestamp}${body}',
    timestamp: { header: 'X-ConfigCat-Webhook-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
    id: { header: 'X-ConfigCat-Webhook-ID' },
  }),
  secret: { format: 'the signing key, used as it stands', source: 'imported' },
  eventId: header('X-ConfigCat-Webhook-ID'),
  setup: [
    'In ConfigCat: your product → Webhooks → Add webhook, URL {ingest_url}.',
    'Import the signing key as a callback secret of the source.',
  ],
};
