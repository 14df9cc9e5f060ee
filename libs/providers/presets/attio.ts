import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Attio signs the bare body, a batch of events. Retries carry the same Idempotency-Key. */
export const attio: ProviderPreset = {
  id: 'attio',
  name: 'Attio',
  docsUrl: 'https://docs.attio.com/rest-api/guides/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'Attio-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the secret that Attio shows when the webhook is made', source: 'imported' },
  eventId: header('Idempotency-Key'),
  uncovered: 'The headers, and so the event id, are not signed.',
  setup: [
    'In Attio: Workspace settings → Developers → your integration → add a webhook, target URL {ingest_url}.',
    'Import the signing secret as a callback secret of the source.',
  ],
};
