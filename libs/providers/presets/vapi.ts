import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Vapi signs as the attached credential says; this is for one of the kind HMAC, set as described. */
export const vapi: ProviderPreset = {
  id: 'vapi',
  name: 'Vapi',
  docsUrl: 'https://docs.vapi.ai/server-url/server-authentication',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({ header: 'x-vapi-signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the secret key of the HMAC credential', source: 'either' },
  eventType: json('/message/type'),
  uncovered: 'The time: whoever saw a callback can send it again.',
  setup: [
    'Make a callback secret',
    'In Vapi: Integrations → Server Configuration → Add Custom Credential → HMAC: the secret, algorithm SHA256, signature header x-vapi-signature, no timestamp header, payload format only the body',
    'Set {ingest_url} as the server URL of the assistant or phone number and attach the credential',
  ],
};
