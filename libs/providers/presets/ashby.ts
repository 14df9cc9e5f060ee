import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Ashby signs the bare body, and only when a secret token was set. */
export const ashby: ProviderPreset = {
  id: 'ashby',
  name: 'Ashby',
  docsUrl: 'https://developers.ashbyhq.com/docs/authenticating-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'Ashby-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'the secret token, any text, used as it stands', source: 'either' },
  eventType: json('/action'),
  setup: [
    'In Ashby: Admin → Integrations → Webhooks → New, request URL {ingest_url}.',
    'Enter the callback secret of the source as the secret token.',
  ],
};
