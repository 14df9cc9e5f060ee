import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Only the newer webhooks are signed; the classic ones, a form with an id, are not and are refused. */
export const mollie: ProviderPreset = {
  id: 'mollie',
  name: 'Mollie (next-gen webhooks)',
  docsUrl: 'https://docs.mollie.com/reference/webhooks-new',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Mollie-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'the signing secret of the webhook, used as it stands', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/type'),
  setup: [
    'In Mollie: Developers → Webhooks → Add webhook, URL {ingest_url}.',
    'Import its signing secret as a callback secret.',
  ],
};
