import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** AiPrise signs the bare body with the API key itself, so the callback secret also gives access to the API. */
export const aiprise: ProviderPreset = {
  id: 'aiprise',
  name: 'AiPrise',
  docsUrl: 'https://docs.aiprise.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'X-HMAC-SIGNATURE', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the API key of the environment, used as it stands', source: 'imported' },
  setup: [
    'In AiPrise: set the callback URL {ingest_url} on the template or with each verification.',
    'Import the API key as a callback secret of the source.',
  ],
};
