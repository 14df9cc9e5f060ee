import { sharedToken } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Documenso signs nothing and sends the secret itself. */
export const documenso: ProviderPreset = {
  id: 'documenso',
  name: 'Documenso',
  docsUrl: 'https://docs.documenso.com/docs/developers/webhooks/verification',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: sharedToken({ header: 'X-Documenso-Secret' }),
  secret: { format: 'the secret of the webhook, any text', source: 'either' },
  eventType: json('/event'),
  uncovered: 'The token does not cover the body, method, URL or time.',
  tokenHeaders: ['x-documenso-secret'],
  setup: [
    'In Documenso: Settings → Webhooks → Create webhook, URL {ingest_url}.',
    'Enter the callback secret of the source as the secret.',
  ],
};
