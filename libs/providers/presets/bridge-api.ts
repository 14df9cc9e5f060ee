import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Bridge writes its hex in capitals. For 24 hours after a new secret is made both sign. */
export const bridgeApi: ProviderPreset = {
  id: 'bridge-api',
  name: 'Bridge (bridgeapi.io)',
  docsUrl: 'https://docs.bridgeapi.io/docs/secure-your-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'BridgeApi-Signature',
    algorithm: 'sha256',
    encoding: 'hex-any-case',
    grammar: { kind: 'list', separator: ',', prefix: 'v1=' },
  }),
  secret: { format: 'the secret of the webhook, shown once, used as it stands', source: 'imported' },
  eventType: json('/type'),
  setup: [
    'In the Bridge dashboard: Webhooks → Add a webhook, callback URL {ingest_url}.',
    'Import the secret that is shown as a callback secret of the source.',
  ],
};
