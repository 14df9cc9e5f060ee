import { publicKey } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Telnyx: Ed25519 over time and body with a bar in between. */
export const telnyx: ProviderPreset = {
  id: 'telnyx',
  name: 'Telnyx',
  docsUrl: 'https://developers.telnyx.com/docs/development/sdk/python/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: publicKey({
    header: 'telnyx-signature-ed25519',
    algorithm: { kind: 'ed25519' },
    encoding: 'base64',
    key: { format: 'raw-base64' },
    content: '${timestamp}|${body}',
    timestamp: { header: 'telnyx-timestamp', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the public key of the account, base64 of 32 bytes', source: 'imported' },
  eventId: json('/data/id'),
  eventType: json('/data/event_type'),
  setup: [
    'In the Telnyx portal: set {ingest_url} as the webhook URL of the connection or messaging profile',
    'Import the public key (Account Settings → Keys & Credentials → Public Key) as a callback secret',
  ],
};
