import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Callbox's own scheme, for callbacks that the tenant's own programs send. Their bodies are theirs: no id is known in them. */
export const callbox: ProviderPreset = {
  id: 'callbox',
  name: 'Callbox',
  docsUrl: 'https://www.rfc-editor.org/rfc/rfc2104',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'Callbox-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'whsec_… as shown once by Callbox, used as it stands', source: 'either' },
  sample: {
    type: null,
    headers: [['Content-Type', 'application/json']],
    body: '{"event":"order.paid","order_id":"order_{unique}","amount":4200,"currency":"EUR","paid_at":"{time}"}',
  },
  setup: [
    'Make a callback secret and give it to your own program.',
    'Have it POST to {ingest_url} with the hex HMAC-SHA256 of the raw body in Callbox-Signature.',
  ],
};
