import { hmac } from '#signatures';
import { joined, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Rutter: the prefix is GitHub's, but what follows is base64. */
export const rutter: ProviderPreset = {
  id: 'rutter',
  name: 'Rutter',
  docsUrl: 'https://docs.rutterapi.com/docs/webhook-security',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Rutter-Signature',
    algorithm: 'sha256',
    encoding: 'base64',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'the client secret of the organization, used as it stands', source: 'imported' },
  eventType: joined(':', json('/type'), json('/code')),
  uncovered: 'The time: whoever saw a callback can send it again.',
  setup: [
    'In the Rutter dashboard: Webhooks → add the URL {ingest_url}',
    'Import the client secret of the organization as a callback secret',
  ],
};
