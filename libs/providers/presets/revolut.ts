import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Revolut: one signature for each live secret, over the version, the time in milliseconds and the body. */
export const revolut: ProviderPreset = {
  id: 'revolut',
  name: 'Revolut',
  docsUrl:
    'https://developer.revolut.com/docs/guides/merchant/monitor-and-observe/webhooks/verify-the-payload-signature',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'Revolut-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'list', separator: ',', prefix: 'v1=' },
    content: 'v1.${timestamp}.${body}',
    timestamp: { header: 'Revolut-Request-Timestamp', unit: 'milliseconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'wsk_… signing secret of the webhook, used as it stands', source: 'imported' },
  eventType: json('/event'),
  setup: [
    'In Revolut: create a webhook through the API with the URL {ingest_url}',
    'Import its signing_secret (wsk_…) as a callback secret',
  ],
};
