import { hmac } from '#signatures';
import { header, joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** The topic stands in a header and what happened to it in the body; together they are the type. */
export const modernTreasury: ProviderPreset = {
  id: 'modern-treasury',
  name: 'Modern Treasury',
  docsUrl: 'https://docs.moderntreasury.com/platform/docs/webhooks-overview',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the webhook key, used as it stands', source: 'imported' },
  eventId: header('X-Event-ID'),
  eventType: joined('.', header('X-Topic'), json('/event')),
  uncovered: 'The headers, so also the id and the topic of the event.',
  setup: [
    'In Modern Treasury: Developers → Webhooks → Add endpoint, URL {ingest_url}.',
    'Import the webhook key as a callback secret.',
  ],
};
