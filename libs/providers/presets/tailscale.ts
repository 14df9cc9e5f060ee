import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Tailscale: a callback is a list of events, so it has no single id or type. */
export const tailscale: ProviderPreset = {
  id: 'tailscale',
  name: 'Tailscale',
  docsUrl: 'https://tailscale.com/kb/1213/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'Tailscale-Webhook-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'tskey-webhook-… shown once by Tailscale, used as it stands', source: 'imported' },
  setup: [
    'In the Tailscale admin console: Settings → Webhooks → Add endpoint, URL {ingest_url}, and choose the events',
    'Import the secret shown then (tskey-webhook-…) as a callback secret',
  ],
};
