import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/**
 * One request carries several events, so neither id nor type of a single one stands for it; the Verify button
 * sends none at all.
 */
export const line: ProviderPreset = {
  id: 'line',
  name: 'LINE',
  docsUrl: 'https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'x-line-signature', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'the channel secret, used as it stands', source: 'imported' },
  setup: [
    'In the LINE Developers Console: your channel → Messaging API → Webhook URL {ingest_url}, then Use webhook.',
    'Import the channel secret (Basic settings) as a callback secret.',
  ],
};
