import { standardWebhooks } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Static webhooks of a project follow Standard Webhooks. Dynamic ones, given with a single job, carry an RS256
 * token instead and are refused.
 */
export const gemini: ProviderPreset = {
  id: 'gemini',
  name: 'Google Gemini API',
  docsUrl: 'https://ai.google.dev/gemini-api/docs/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: standardWebhooks(),
  secret: { format: 'whsec_… as shown; the base64 after the prefix is decoded', source: 'imported' },
  eventId: header('webhook-id'),
  eventType: json('/type'),
  setup: [
    'With the Gemini API: client.webhooks.create with uri {ingest_url} and the events you want.',
    'Import the signing secret whsec_… of the answer as a callback secret; it is shown once.',
  ],
};
