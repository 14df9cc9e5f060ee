import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';
import { standardWebhooks } from './standard-webhooks.js';

/** Replicate signs as Standard Webhooks asks, with one secret per account; the body is the prediction as it now stands. */
export const replicate: ProviderPreset = {
  ...standardWebhooks,
  id: 'replicate',
  name: 'Replicate',
  docsUrl: 'https://replicate.com/docs/topics/webhooks/verify-webhook',
  secret: { format: 'whsec_… the webhook signing key of the account', source: 'imported' },
  eventType: json('/status'),
  runId: json('/id'),
  aliasOf: 'standard-webhooks',
  setup: [
    'Create predictions with "webhook": "{ingest_url}"',
    'Get the signing key (whsec_…) from GET https://api.replicate.com/v1/webhooks/default/secret',
    'Import it as a callback secret',
  ],
};
