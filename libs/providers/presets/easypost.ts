import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

function decomposed(secret: Buffer): Buffer {
  return Buffer.from(secret.toString().normalize('NFKD'));
}

/**
 * The secret is brought into Unicode form KD before it is used, and the signed text prints weights as 614.0: only
 * the raw bytes verify.
 */
export const easypost: ProviderPreset = {
  id: 'easypost',
  name: 'EasyPost',
  docsUrl: 'https://docs.easypost.com/docs/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Hmac-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'hmac-sha256-hex=' },
    secret: { derive: decomposed },
  }),
  secret: { format: 'the webhook_secret, any text', source: 'either' },
  eventId: json('/id'),
  eventType: json('/description'),
  setup: [
    'In EasyPost: Account settings → Webhooks & Events → Add webhook, URL {ingest_url}.',
    'Enter the callback secret of the source as the webhook secret.',
  ],
};
