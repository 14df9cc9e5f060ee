import { hmac } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Zendesk signs the time, as it is written in its header, and the body. The button "Test webhook" of a webhook that is not yet
 * saved signs with a secret that everybody can read in the documentation, so such a test is refused.
 */
export const zendesk: ProviderPreset = {
  id: 'zendesk',
  name: 'Zendesk',
  docsUrl: 'https://developer.zendesk.com/documentation/webhooks/verifying/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Zendesk-Webhook-Signature',
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${timestamp}${body}',
    timestamp: {
      header: 'X-Zendesk-Webhook-Signature-Timestamp',
      unit: 'rfc3339',
      toleranceSeconds: 300,
    },
  }),
  secret: {
    format: 'the signing secret of the webhook, used as it stands (not decoded)',
    source: 'imported',
  },
  eventId: header('X-Zendesk-Webhook-Invocation-Id'),
  eventType: json('/type'),
  uncovered: 'The invocation id, which stands in a header of its own.',
  setup: [
    'In Zendesk Admin Center: Apps and integrations → Webhooks → Create webhook, endpoint URL {ingest_url}, method POST, format JSON',
    'Reveal its signing secret and import it as a callback secret',
  ],
};
