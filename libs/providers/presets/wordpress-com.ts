import { unsigned } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** WordPress.com signs nothing. */
export const wordpressCom: ProviderPreset = {
  id: 'wordpress-com',
  name: 'WordPress.com',
  docsUrl: 'https://wordpress.com/support/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: unsigned(),
  secret: { format: 'none', source: 'none' },
  urlToken: true,
  uncovered:
    'Nothing is signed: not the body, the URL, the time or the sender. Only the URL protects this source.',
  setup: ['In WordPress.com: Settings → Webhooks → Add webhook, URL {ingest_url}.'],
};
