import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Scrapfly sends its signature twice, in capitals and in the lower-case spelling that is verified here. All callbacks of one
 * job share its id, so the id names the run and not the event.
 */
export const scrapfly: ProviderPreset = {
  id: 'scrapfly',
  name: 'Scrapfly',
  docsUrl: 'https://scrapfly.io/docs/scrape-api/webhook',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'X-Scrapfly-Webhook-Signature-Lowercase', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the signing secret of the webhook, used as it stands', source: 'imported' },
  eventType: header('X-Scrapfly-Webhook-Resource-Type'),
  runId: header('X-Scrapfly-Webhook-Job-Id'),
  uncovered: 'The time and the headers, among them the type and the id of the job.',
  setup: [
    'In Scrapfly: Webhooks → create a webhook with the URL {ingest_url}',
    'Import its signing secret as a callback secret',
    'Name the webhook in requests: webhook_name=…',
  ],
};
