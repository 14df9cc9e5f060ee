import type { ProviderPreset } from '../preset.js';
import { svix } from './svix.js';

/** Pleo sends through Svix, under either spelling of the headers. */
export const pleo: ProviderPreset = {
  ...svix,
  id: 'pleo',
  name: 'Pleo',
  docsUrl: 'https://developers.pleo.io/docs/webhooks',
  confidence: 'second_hand',
  aliasOf: 'svix',
  setup: [
    'Subscribe by the API of Pleo with the URL {ingest_url}.',
    'Import the signing secret whsec_… as a callback secret.',
  ],
};
