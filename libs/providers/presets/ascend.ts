import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** A colon stands between time and body, where others have a full stop. The tolerance is ours: none is known. */
export const ascend: ProviderPreset = {
  id: 'ascend',
  name: 'Ascend',
  docsUrl: 'https://www.useascend.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Ascend-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
    content: '${timestamp}:${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the webhook secret, used as it stands', source: 'imported' },
  setup: [
    'Have Ascend register {ingest_url} as the webhook URL.',
    'Import the webhook secret as a callback secret of the source.',
  ],
};
