import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** The header has one signature for each live secret of the subscription. */
export const pagerduty: ProviderPreset = {
  id: 'pagerduty',
  name: 'PagerDuty',
  docsUrl: 'https://developer.pagerduty.com/docs/verifying-signatures',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-PagerDuty-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'list', separator: ',', prefix: 'v1=' },
  }),
  secret: { format: 'the secret of the subscription, used as it stands', source: 'imported' },
  eventId: json('/event/id'),
  eventType: json('/event/event_type'),
  setup: [
    'In PagerDuty: Integrations → Generic Webhooks (v3) → New Webhook, URL {ingest_url}.',
    'Import the secret that is shown once as a callback secret.',
  ],
};
