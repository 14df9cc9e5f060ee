import { basic } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Chargebee signs nothing and sends the user and password that were typed in. */
export const chargebee: ProviderPreset = {
  id: 'chargebee',
  name: 'Chargebee',
  docsUrl: 'https://www.chargebee.com/docs/2.0/events_and_webhooks.html',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: basic(),
  secret: { format: 'user:password, as typed into Chargebee', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/event_type'),
  uncovered: 'The password does not cover the body, method, URL or time.',
  tokenHeaders: ['authorization'],
  setup: [
    'In Chargebee: Settings → Configure Chargebee → API keys and webhooks → Webhooks → Add webhook, URL {ingest_url}.',
    'Turn on basic authentication and choose a user and a password.',
    'Import user:password as a callback secret of the source.',
  ],
};
