import type { ProviderPreset } from '../preset.js';
import { svix } from './svix.js';

/** Sardine sends through Svix. */
export const sardine: ProviderPreset = {
  ...svix,
  id: 'sardine',
  name: 'Sardine',
  confidence: 'second_hand',
  aliasOf: 'svix',
  setup: [
    'In the Sardine dashboard: Webhooks → add an endpoint with the URL {ingest_url}',
    'Import its signing secret (whsec_…) as a callback secret',
  ],
};
