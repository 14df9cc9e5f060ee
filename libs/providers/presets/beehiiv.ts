import { standardWebhooks, SVIX_HEADERS, WEBHOOK_HEADERS } from '#signatures';
import { firstOf, header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** beehiiv sends through Svix. */
export const beehiiv: ProviderPreset = {
  id: 'beehiiv',
  name: 'beehiiv',
  docsUrl: 'https://developers.beehiiv.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: standardWebhooks({ headers: [SVIX_HEADERS, WEBHOOK_HEADERS] }),
  secret: { format: 'whsec_… as shown by beehiiv', source: 'imported' },
  eventId: firstOf(header('svix-id'), header('webhook-id')),
  eventType: firstOf(json('/event_type'), json('/type')),
  setup: [
    'In beehiiv: Settings → Webhooks → Create new, endpoint URL {ingest_url}.',
    'Import the signing secret whsec_… as a callback secret of the source.',
  ],
};
