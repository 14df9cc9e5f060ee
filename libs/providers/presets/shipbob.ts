import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';
import { standardWebhooks } from './standard-webhooks.js';

/** ShipBob signs as Standard Webhooks asks; the topic stands in a header that is not signed. */
export const shipbob: ProviderPreset = {
  ...standardWebhooks,
  id: 'shipbob',
  name: 'ShipBob',
  docsUrl: 'https://developer.shipbob.com/webhooks/',
  confidence: 'second_hand',
  secret: { format: 'whsec_… secret of the webhook subscription', source: 'imported' },
  eventType: header('x-webhook-topic'),
  uncovered: 'The topic, which stands in a header of its own.',
  aliasOf: 'standard-webhooks',
  setup: [
    'In ShipBob, or with POST /webhook: subscribe {ingest_url} to the topics wanted',
    'Import the secret of the subscription (whsec_…) as a callback secret',
  ],
};
