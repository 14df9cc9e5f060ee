import type { ProviderPreset } from '../preset.js';
import { svix } from './svix.js';

/** SafeBase sends through Svix. */
export const safebase: ProviderPreset = {
  ...svix,
  id: 'safebase',
  name: 'SafeBase',
  confidence: 'second_hand',
  aliasOf: 'svix',
  setup: [
    'In SafeBase: Integrations → Webhooks → add an endpoint with the URL {ingest_url}',
    'Import its signing secret (whsec_…) as a callback secret',
  ],
};
