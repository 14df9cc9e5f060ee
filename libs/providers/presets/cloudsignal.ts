import { sharedToken } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** CloudSignal signs nothing and repeats an API key in the body. */
export const cloudsignal: ProviderPreset = {
  id: 'cloudsignal',
  name: 'CloudSignal',
  docsUrl: 'https://docs.cloudsignal.io/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: sharedToken({ json: '/apikey' }),
  secret: { format: 'the API key, used as it stands', source: 'imported' },
  uncovered: 'Nothing is signed: the key does not cover the body, where it stands itself.',
  setup: ['At CloudSignal: register {ingest_url}.', 'Import the API key as a callback secret.'],
};
