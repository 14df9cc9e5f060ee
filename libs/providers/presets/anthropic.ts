import { standardWebhooks } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Standard Webhooks. The kind of event stands in its data: the outer type is always "event". */
export const anthropic: ProviderPreset = {
  id: 'anthropic',
  name: 'Anthropic',
  docsUrl: 'https://platform.claude.com/docs/en/managed-agents/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: standardWebhooks(),
  secret: { format: 'whsec_… as shown once by the Claude Console', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/data/type'),
  setup: [
    'In the Claude Console: Manage → Webhooks → add an endpoint, URL {ingest_url}.',
    'Import the signing secret whsec_… as a callback secret of the source.',
  ],
};
