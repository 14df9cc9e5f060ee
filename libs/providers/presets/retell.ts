import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Retell AI signs body and time without anything in between, with an API key: whoever has this secret can use the API. */
export const retell: ProviderPreset = {
  id: 'retell',
  name: 'Retell AI',
  docsUrl: 'https://docs.retellai.com/features/secure-webhook',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Retell-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'd', timestamp: 'v' },
    content: '${body}${timestamp}',
    timestamp: { unit: 'milliseconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the API key that has the webhook badge', source: 'imported' },
  eventType: json('/event'),
  setup: [
    'In Retell AI: set {ingest_url} as the webhook of the account (Settings → Webhooks) or of an agent',
    'Import the API key with the webhook badge (Settings → API Keys) as a callback secret',
  ],
};
