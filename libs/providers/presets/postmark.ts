import { basic } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Postmark signs nothing; it repeats an HTTP Basic user and password. A message has several events, so its id is
 * none of the event.
 */
export const postmark: ProviderPreset = {
  id: 'postmark',
  name: 'Postmark',
  docsUrl: 'https://postmarkapp.com/developer/webhooks/webhooks-overview',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: basic(),
  secret: { format: 'user:password, as given to the webhook', source: 'imported' },
  eventType: json('/RecordType'),
  uncovered: 'Nothing is signed: the password does not cover the body.',
  tokenHeaders: ['authorization'],
  setup: [
    'In Postmark: Servers → your server → Webhooks → Add webhook, URL {ingest_url}, basic auth credentials.',
    'Import "user:password" as a callback secret.',
  ],
};
