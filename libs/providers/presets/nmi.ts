import { hmac, type Scheme } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const scheme: Scheme = hmac({
  header: 'Webhook-Signature',
  algorithm: 'sha256',
  encoding: 'hex',
  grammar: { kind: 'fields', separator: ',', signature: 's', timestamp: 't' },
  content: '${timestamp}.${body}',
});
// A fresh signature would need a fresh nonce, which only NMI makes.
delete scheme.sign;

/** What is called t in the header is a nonce and no time: it is signed, and its age is never judged. */
export const nmi: ProviderPreset = {
  id: 'nmi',
  name: 'NMI',
  docsUrl: 'https://secure.nmi.com/merchants/resources/integration/integration_portal.php',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme,
  secret: { format: 'the signing key of the webhook, used as it stands', source: 'imported' },
  eventId: json('/event_id'),
  eventType: json('/event_type'),
  setup: [
    'In NMI: Settings → Webhooks → Add endpoint, URL {ingest_url}.',
    'Import its signing key as a callback secret.',
  ],
};
