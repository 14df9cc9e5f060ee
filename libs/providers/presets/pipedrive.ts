import { basic } from '#signatures';
import { joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Webhooks v2. Pipedrive signs nothing; it repeats the HTTP Basic user and password that the webhook was made
 * with.
 */
export const pipedrive: ProviderPreset = {
  id: 'pipedrive',
  name: 'Pipedrive',
  docsUrl: 'https://pipedrive.readme.io/docs/guide-for-webhooks-v2',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: basic(),
  secret: { format: 'user:password, as given to the webhook', source: 'imported' },
  eventType: joined('.', json('/meta/action'), json('/meta/entity')),
  uncovered: 'Nothing is signed: the password does not cover the body.',
  tokenHeaders: ['authorization'],
  setup: [
    'In Pipedrive: Settings → Tools and apps → Webhooks → Create new webhook, endpoint URL {ingest_url}, HTTP auth username and password.',
    'Import "user:password" as a callback secret.',
  ],
};
