import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/**
 * The signed text begins with v1: though the header holds the bare signature. The tolerance is ours: none is
 * known.
 */
export const faundit: ProviderPreset = {
  id: 'faundit',
  name: 'Faundit',
  docsUrl: 'https://faundit.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Faundit-Signature-Next',
    algorithm: 'sha256',
    encoding: 'hex',
    content: 'v1:${timestamp}:${body}',
    timestamp: { header: 'X-Faundit-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the webhook secret, used as it stands', source: 'imported' },
  setup: [
    'Have Faundit register {ingest_url} as the webhook URL.',
    'Import the webhook secret as a callback secret of the source.',
  ],
};
