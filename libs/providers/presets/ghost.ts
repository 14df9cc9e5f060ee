import { hmac, withFreshHeaders } from '#signatures';
import type { ProviderPreset } from '../preset.js';

const scheme = hmac({
  header: 'X-Ghost-Signature',
  algorithm: 'sha256',
  encoding: 'hex',
  grammar: { kind: 'fields', separator: ',', signature: 'sha256', timestamp: 't' },
  content: '${body}${timestamp}',
  timestamp: { unit: 'milliseconds', toleranceSeconds: 300 },
});

/** Ghost writes `sha256=…, t=…` in this order, which its receivers count on. */
function timeLast(value: string): string {
  return value.split(',').reverse().join(', ');
}

/**
 * The time, in milliseconds, is signed after the body and without a separator. Ghost deletes a webhook that is
 * answered 410. Older versions sign the body only and are refused.
 */
export const ghost: ProviderPreset = {
  id: 'ghost',
  name: 'Ghost',
  docsUrl: 'https://ghost.org/docs/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: withFreshHeaders(scheme, { written: timeLast }),
  secret: { format: 'any text, used as it stands', source: 'either' },
  setup: [
    'In Ghost: Settings → Integrations → Add custom integration → Add webhook, target URL {ingest_url}.',
    'Make a callback secret and paste it as the secret there.',
  ],
};
