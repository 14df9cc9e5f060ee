import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Synctera: while a secret rolls, two signatures stand in the header, parted by a full stop. */
export const synctera: ProviderPreset = {
  id: 'synctera',
  name: 'Synctera',
  docsUrl: 'https://dev.synctera.com/docs/webhooks-guide',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'Synctera-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'list', separator: '.' },
    content: '${timestamp}.${body}',
    timestamp: { header: 'Request-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: {
    format: 'the secret that POST /v0/webhook_secrets returns, used as it stands',
    source: 'imported',
  },
  setup: [
    'In Synctera: make a secret with POST /v0/webhook_secrets and import it as a callback secret',
    'Create a webhook with POST /v0/webhooks and the URL {ingest_url}',
  ],
};
