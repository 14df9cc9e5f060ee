import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Typeform: the prefix is GitHub's, but what follows is base64. */
export const typeform: ProviderPreset = {
  id: 'typeform',
  name: 'Typeform',
  docsUrl: 'https://www.typeform.com/developers/webhooks/secure-your-webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'Typeform-Signature',
    algorithm: 'sha256',
    encoding: 'base64',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'the secret you set for the webhook', source: 'either' },
  eventId: json('/event_id'),
  eventType: json('/event_type'),
  uncovered: 'The age: whoever saw a callback can send it again.',
  setup: [
    'In Typeform: your form → Connect → Webhooks → Add a webhook, endpoint {ingest_url}, and switch it on',
    'Edit it, set a secret of at least 16 characters and import the same as a callback secret',
  ],
};
