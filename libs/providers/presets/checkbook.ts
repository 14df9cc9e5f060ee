import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

// A signature of ours would need a nonce of Checkbook's: what came is passed on as it came.
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is only left out, never called
const { sign: _sign, ...scheme } = hmac({
  header: 'Signature',
  algorithm: 'sha256',
  encoding: 'hex',
  grammar: { kind: 'fields', separator: ',', signature: 'signature', timestamp: 'nonce' },
  content: '${body}${timestamp}',
});

/**
 * A nonce is signed behind the body; it is not a time, and only Checkbook can make one. The key looks like hex and
 * is used as text.
 */
export const checkbook: ProviderPreset = {
  id: 'checkbook',
  name: 'Checkbook',
  docsUrl: 'https://docs.checkbook.io/docs/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme,
  secret: { format: 'the webhook key, 32 characters, used as it stands', source: 'imported' },
  eventType: json('/type'),
  setup: [
    'In Checkbook: Settings → Developer → Webhook, URL {ingest_url}.',
    'Import the webhook key as a callback secret of the source.',
  ],
};
