import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Cursor signs the bare body; the secret is given when an agent is started. X-Webhook-ID names a delivery, not the
 * event.
 */
export const cursor: ProviderPreset = {
  id: 'cursor',
  name: 'Cursor cloud agents',
  docsUrl: 'https://cursor.com/docs/cloud-agent/api/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Webhook-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'the secret given with the agent, any text, used as it stands', source: 'either' },
  eventType: json('/event'),
  runId: json('/id'),
  setup: [
    'Start the agent with webhook.url {ingest_url}.',
    'Give the callback secret of the source as webhook.secret.',
  ],
};
