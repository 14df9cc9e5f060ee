import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** FastSpring signs the bare body, a batch of events of several kinds, and only when a secret was set. */
export const fastspring: ProviderPreset = {
  id: 'fastspring',
  name: 'FastSpring',
  docsUrl: 'https://developer.fastspring.com/docs/message-security',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-FS-Signature', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'the HMAC SHA256 secret of the webhook, any text, used as it stands', source: 'either' },
  setup: [
    'In FastSpring: Developer Tools → Webhooks → Configuration → Add, URL {ingest_url}.',
    'Enter the callback secret of the source as the HMAC SHA256 secret.',
  ],
};
