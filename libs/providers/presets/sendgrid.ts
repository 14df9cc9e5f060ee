import { publicKey } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/**
 * SendGrid's Event Webhook: ECDSA with a DER signature. A callback is a list of events, so it has no single id or type; its
 * body ends in CRLF. No tolerance is documented; 300 seconds is what receivers use.
 */
export const sendgrid: ProviderPreset = {
  id: 'sendgrid',
  name: 'Twilio SendGrid Event Webhook',
  docsUrl:
    'https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: publicKey({
    header: 'X-Twilio-Email-Event-Webhook-Signature',
    algorithm: { kind: 'ecdsa', hash: 'sha256', curve: 'P-256', signature: 'der' },
    encoding: 'base64',
    key: { format: 'spki-base64' },
    content: '${timestamp}${body}',
    timestamp: {
      header: 'X-Twilio-Email-Event-Webhook-Timestamp',
      unit: 'seconds',
      toleranceSeconds: 300,
    },
  }),
  secret: { format: 'the verification key, MFkw… (a public key without PEM armour)', source: 'imported' },
  setup: [
    'In SendGrid: Settings → Mail Settings → Event Webhooks → Create new webhook, Post URL {ingest_url}',
    'Enable Signed Event Webhook and import the verification key as a callback secret',
  ],
};
