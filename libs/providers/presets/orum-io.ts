import { publicKey } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** An RSA signature over the body followed once more by its created_at, which is not judged: it is the event's own time. */
export const orumIo: ProviderPreset = {
  id: 'orum-io',
  name: 'Orum',
  docsUrl: 'https://docs.orum.io/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: publicKey({
    header: 'Signature',
    algorithm: { kind: 'rsa', hash: 'sha256' },
    encoding: 'base64',
    key: { format: 'pem' },
    content: '${body}${json:/created_at}',
  }),
  secret: { format: 'the public key as PEM, from GET /webhooks/secret', source: 'imported' },
  uncovered: 'The URL.',
  setup: [
    'Register {ingest_url} for webhooks at Orum.',
    'Import the public key that GET /webhooks/secret returns as a callback secret.',
  ],
};
