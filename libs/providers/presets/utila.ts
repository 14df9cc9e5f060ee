import { publicKey } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Utila: RSA with PSS over the body, with a key of 4096 bits that the console shows. */
export const utila: ProviderPreset = {
  id: 'utila',
  name: 'Utila',
  docsUrl: 'https://docs.utila.io/reference/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: publicKey({
    header: 'x-utila-signature',
    algorithm: { kind: 'rsa', hash: 'sha512', padding: 'pss' },
    encoding: 'base64',
    key: { format: 'pem' },
  }),
  secret: { format: 'the public key of the webhooks (PEM)', source: 'imported' },
  eventId: json('/id'),
  eventType: json('/type'),
  uncovered: 'The age: whoever saw a callback can send it again.',
  setup: [
    'In the Utila console: Vault Settings → Webhooks → Add Webhook, URL {ingest_url}.',
    'Import the public key shown there as a callback secret.',
  ],
};
