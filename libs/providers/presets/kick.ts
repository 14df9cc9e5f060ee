import { publicKey } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** RSA over message id, time and body, by a key that Kick publishes for everybody. */
export const kick: ProviderPreset = {
  id: 'kick',
  name: 'Kick',
  docsUrl: 'https://docs.kick.com/events/webhook-security',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: publicKey({
    header: 'Kick-Event-Signature',
    algorithm: { kind: 'rsa', hash: 'sha256' },
    encoding: 'base64',
    key: { format: 'pem' },
    content: '${id}.${timestamp}.${body}',
    id: { header: 'Kick-Event-Message-Id', pattern: /^[0-9A-Za-z-]+$/ },
    timestamp: { header: 'Kick-Event-Message-Timestamp', unit: 'rfc3339', toleranceSeconds: 600 },
  }),
  secret: { format: 'the public key (PEM) that Kick publishes; no secret', source: 'imported' },
  eventId: header('Kick-Event-Message-Id'),
  eventType: header('Kick-Event-Type'),
  uncovered: 'The header with the type of the event, and the URL. The key is the same for all apps of Kick.',
  setup: [
    'In Kick: Settings → Developer → your app → Enable webhooks, URL {ingest_url}.',
    'Import the key from https://api.kick.com/public/v1/public-key as a callback secret.',
  ],
};
