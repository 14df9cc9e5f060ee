import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';
import { hook0 } from './hook0.js';

/** Coinbase's developer platform sends through Hook0, so the header keeps that name. */
export const coinbaseCdp: ProviderPreset = {
  id: 'coinbase-cdp',
  name: 'Coinbase Developer Platform',
  docsUrl: 'https://github.com/coinbase/cdp-sdk',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hook0.scheme,
  secret: { format: 'the metadata.secret of the subscription, used as it stands', source: 'imported' },
  eventType: json('/eventType'),
  uncovered: 'The URL and headers that are not listed.',
  setup: [
    'Create a webhook subscription with the target URL {ingest_url}.',
    'Import the secret in the answer as a callback secret.',
  ],
  aliasOf: 'hook0',
};
