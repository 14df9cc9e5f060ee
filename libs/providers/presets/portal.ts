import { sharedToken } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Portal signs nothing; it repeats the secret of the webhook in a header. */
export const portal: ProviderPreset = {
  id: 'portal',
  name: 'Portal',
  docsUrl: 'https://docs.portalhq.io/resources/alert-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: sharedToken({ header: 'X-WEBHOOK-SECRET' }),
  secret: { format: 'the secret of the webhook, used as it stands', source: 'imported' },
  uncovered: 'Nothing is signed: the secret does not cover the body.',
  tokenHeaders: ['x-webhook-secret'],
  setup: [
    'In Portal: Settings → Alert webhooks → Add, URL {ingest_url}.',
    'Import its secret as a callback secret.',
  ],
};
