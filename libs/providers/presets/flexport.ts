import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Flexport also sends a SHA-1 signature, in X-Hub-Signature, which it is giving up and which is not looked at. */
export const flexport: ProviderPreset = {
  id: 'flexport',
  name: 'Flexport',
  docsUrl: 'https://apidocs.flexport.com/v2/tag/Webhook-Endpoints/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Hub-Signature-256',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'the secret token of the endpoint, any text, used as it stands', source: 'either' },
  eventId: json('/id'),
  eventType: json('/type'),
  setup: [
    'In Flexport: Settings → Webhook endpoints → Add, URL {ingest_url}.',
    'Enter the callback secret of the source as the secret token.',
  ],
};
