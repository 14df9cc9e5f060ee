import type { ProviderPreset } from '../preset.js';
import { standardWebhooks } from './standard-webhooks.js';

/** Render signs as Standard Webhooks asks. */
export const render: ProviderPreset = {
  ...standardWebhooks,
  id: 'render',
  name: 'Render',
  docsUrl: 'https://render.com/docs/webhooks',
  secret: { format: 'whsec_… signing secret of the webhook', source: 'imported' },
  aliasOf: 'standard-webhooks',
  setup: [
    'In the Render dashboard: Integrations → Webhooks → Create Webhook, URL {ingest_url}, and choose the events',
    'Copy the signing secret on the page of the webhook and import it as a callback secret',
  ],
};
