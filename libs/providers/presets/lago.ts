import { hmac } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Endpoints whose signature is HMAC; those set to JWT are refused. X-Lago-Unique-Key is the id of the webhook,
 * which retries keep.
 */
export const lago: ProviderPreset = {
  id: 'lago',
  name: 'Lago (HMAC)',
  docsUrl: 'https://getlago.com/docs/api-reference/webhooks/format---signature',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Lago-Signature', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'the HMAC key of the organization, used as it stands', source: 'imported' },
  eventId: header('X-Lago-Unique-Key'),
  eventType: json('/webhook_type'),
  uncovered: 'The headers, so also the id of the event.',
  setup: [
    'In Lago: Developers → Webhooks → Add, URL {ingest_url}, signature HMAC.',
    'Import the HMAC key shown there as a callback secret.',
  ],
};
