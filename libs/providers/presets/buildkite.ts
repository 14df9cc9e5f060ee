import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Buildkite in the mode "send an HMAC signature"; the other mode, which sends the token itself, is the provider
 * buildkite-token. The tolerance is ours: none is documented.
 */
export const buildkite: ProviderPreset = {
  id: 'buildkite',
  name: 'Buildkite',
  docsUrl: 'https://buildkite.com/docs/apis/webhooks/pipelines',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Buildkite-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'signature', timestamp: 'timestamp' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the token of the webhook, used as it stands', source: 'imported' },
  eventType: json('/event'),
  setup: [
    'In Buildkite: Settings → Notification Services → Add → Webhook, URL {ingest_url}.',
    'Choose to send an HMAC signature.',
    'Import the token of the webhook as a callback secret of the source.',
  ],
};
