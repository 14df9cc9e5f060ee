import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Time and body are signed; the header may have several v1 signatures. */
export const mux: ProviderPreset = {
  id: 'mux',
  name: 'Mux',
  docsUrl: 'https://mux.com/docs/core/verify-webhook-signatures',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'Mux-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the signing secret of the webhook, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/type'),
  setup: [
    'In Mux: Settings → Webhooks → Create new webhook, URL {ingest_url}.',
    'Import its signing secret as a callback secret.',
  ],
};
