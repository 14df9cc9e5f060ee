import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** TikTok for Developers, not TikTok Shop. No tolerance is documented; 300 seconds is what receivers use. */
export const tiktok: ProviderPreset = {
  id: 'tiktok',
  name: 'TikTok (Login Kit, Content Posting)',
  docsUrl: 'https://developers.tiktok.com/doc/webhooks-verification',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'TikTok-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 's', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the client secret of the app, used as it stands', source: 'imported' },
  eventType: json('/event'),
  setup: [
    'In the TikTok developer portal: your app → Webhooks → callback URL {ingest_url}',
    'Import the client secret of the app as a callback secret',
  ],
};
