import { basic } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Deepgram signs nothing and sends the user and password of the callback URL; its earlier header dg-token no
 * longer proves anything. The callback carries the whole result.
 */
export const deepgram: ProviderPreset = {
  id: 'deepgram',
  name: 'Deepgram',
  docsUrl: 'https://developers.deepgram.com/docs/callback',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: basic(),
  secret: { format: 'user:password, as written into the callback URL', source: 'imported' },
  runId: json('/metadata/request_id'),
  uncovered: 'The password does not cover the body, method, URL or time.',
  tokenHeaders: ['authorization'],
  setup: [
    'Choose a user and a password and import user:password as a callback secret of the source.',
    'Send each request with callback={ingest_url}, user:password@ standing in front of the host.',
  ],
};
