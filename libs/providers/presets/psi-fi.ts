import type { ProviderPreset } from '../preset.js';
import { svix } from './svix.js';

/** PSI-FI sends through Svix. */
export const psiFi: ProviderPreset = {
  ...svix,
  id: 'psi-fi',
  name: 'PSI-FI',
  confidence: 'second_hand',
  aliasOf: 'svix',
  setup: [
    'In the PSI-FI dashboard: Webhooks → add an endpoint with the URL {ingest_url}',
    'Import its signing secret (whsec_…) as a callback secret',
  ],
};
