import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Pylon signs the bare body. */
export const pylon: ProviderPreset = {
  id: 'pylon',
  name: 'Pylon',
  docsUrl: 'https://kb.help.usepylon.com/articles/6080966819-how-do-i-verify-the-webhook-signatures',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Pylon-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the secret shown when the webhook is created, used as it stands', source: 'imported' },
  uncovered: 'The time: whoever saw a callback can send it again.',
  setup: [
    'In Pylon: Settings → Webhooks → create a webhook with the URL {ingest_url}',
    'Import the secret shown then as a callback secret',
  ],
};
