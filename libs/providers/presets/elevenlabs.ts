import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Half an hour of tolerance, as the SDK has it. */
export const elevenlabs: ProviderPreset = {
  id: 'elevenlabs',
  name: 'ElevenLabs',
  docsUrl: 'https://elevenlabs.io/docs/overview/administration/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'ElevenLabs-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v0', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 1800 },
  }),
  secret: { format: 'the secret of the webhook, shown once, used as it stands', source: 'imported' },
  eventType: json('/type'),
  setup: [
    'In ElevenLabs: Developers → Webhooks → Create webhook, HMAC, URL {ingest_url}.',
    'Import the secret as a callback secret of the source.',
  ],
};
