import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Pusher Channels: one callback carries several events, so it has no single id or type; a header names the key of the app. */
export const pusher: ProviderPreset = {
  id: 'pusher',
  name: 'Pusher Channels',
  docsUrl: 'https://pusher.com/docs/channels/server_api/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Pusher-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the secret of the app, used as it stands', source: 'imported' },
  uncovered: 'The age: whoever saw a callback can send it again.',
  setup: [
    'In the Pusher dashboard: your app → Webhooks → add {ingest_url}',
    'Import the secret of the app (App Keys) as a callback secret',
  ],
};
