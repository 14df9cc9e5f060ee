import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/**
 * The Events API of the Akeneo PIM, which Akeneo has deprecated: one request holds a batch of events, so it has
 * neither an id nor one type. The tolerance is ours: none is documented.
 */
export const akeneo: ProviderPreset = {
  id: 'akeneo',
  name: 'Akeneo',
  docsUrl: 'https://api.akeneo.com/events-documentation/security.html',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Akeneo-Request-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${timestamp}.${body}',
    timestamp: { header: 'X-Akeneo-Request-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the secret of the connection, used as it stands', source: 'imported' },
  setup: [
    'In Akeneo: Connect → Connection settings → the connection → Event subscription, URL {ingest_url}.',
    'Import the secret shown there as a callback secret of the source.',
  ],
};
