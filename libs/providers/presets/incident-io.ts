import type { ProviderPreset } from '../preset.js';
import { svix } from './svix.js';

/** incident.io sends through Svix, under either spelling of the headers. */
export const incidentIo: ProviderPreset = {
  ...svix,
  id: 'incident-io',
  name: 'incident.io',
  docsUrl: 'https://docs.incident.io/integrations/webhooks',
  confidence: 'second_hand',
  aliasOf: 'svix',
  setup: [
    'In incident.io: Settings → Webhooks → Add endpoint, URL {ingest_url}.',
    'Import the signing secret whsec_… as a callback secret.',
  ],
};
