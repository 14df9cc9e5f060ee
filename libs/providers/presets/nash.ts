import type { ProviderPreset } from '../preset.js';
import { svix } from './svix.js';

/** Nash sends through Svix, under either spelling of the headers. */
export const nash: ProviderPreset = {
  ...svix,
  id: 'nash',
  name: 'Nash',
  docsUrl: 'https://docs.usenash.com/',
  confidence: 'second_hand',
  aliasOf: 'svix',
  setup: [
    'In Nash: Settings → Webhooks → Add endpoint, URL {ingest_url}.',
    'Import the signing secret whsec_… as a callback secret.',
  ],
};
