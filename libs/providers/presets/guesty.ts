import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';
import { svix } from './svix.js';

/** Guesty sends through Svix, under either spelling of the headers. */
export const guesty: ProviderPreset = {
  ...svix,
  id: 'guesty',
  name: 'Guesty',
  docsUrl: 'https://open-api-docs.guesty.com/docs/webhooks',
  confidence: 'second_hand',
  eventType: json('/event'),
  aliasOf: 'svix',
  setup: [
    'In Guesty: Integrations → Webhooks → Add, URL {ingest_url}.',
    'Import the signing secret whsec_… as a callback secret.',
  ],
};
