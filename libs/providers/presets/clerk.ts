import { standardWebhooks, SVIX_HEADERS } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Clerk sends through Svix, under the names that Svix used first. */
export const clerk: ProviderPreset = {
  id: 'clerk',
  name: 'Clerk',
  docsUrl: 'https://clerk.com/docs/reference/backend/verify-webhook',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks({ headers: [SVIX_HEADERS] }),
  secret: { format: 'whsec_… as shown by Clerk', source: 'imported' },
  eventId: header('svix-id'),
  eventType: json('/type'),
  setup: [
    'In Clerk: Configure → Webhooks → Add endpoint, URL {ingest_url}.',
    'Import the signing secret whsec_… as a callback secret of the source.',
  ],
};
