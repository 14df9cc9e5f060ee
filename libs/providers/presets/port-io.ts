import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Looks like Standard Webhooks, but has no id, and the key is the text of the client secret. */
export const portIo: ProviderPreset = {
  id: 'port-io',
  name: 'Port',
  docsUrl: 'https://docs.port.io/actions-and-automations/setup-backend/webhook/signature-verification',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'x-port-signature',
    algorithm: 'sha256',
    encoding: 'base64',
    grammar: { kind: 'bare', prefix: 'v1,' },
    content: '${timestamp}.${body}',
    timestamp: { header: 'x-port-timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the client secret of the organization, used as it stands', source: 'imported' },
  setup: [
    'In Port: Self-service → your action → Backend, invocation type Webhook, URL {ingest_url}.',
    'Import the client secret (Credentials) as a callback secret.',
  ],
};
