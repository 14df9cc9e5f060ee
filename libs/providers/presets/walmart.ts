import { hmac } from '#signatures';
import type { ProviderPreset } from '../preset.js';

/** Walmart Marketplace signs method, path with query, time and the hash of the body, a line each. */
export const walmart: ProviderPreset = {
  id: 'walmart',
  name: 'Walmart Marketplace',
  docsUrl: 'https://developer.walmart.com/us-marketplace/docs/security-and-authenticity',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'WM_SEC.SIGNATURE',
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${method}\n${path}\n${timestamp}\n${bodySha256}',
    timestamp: { header: 'WM_SEC.TIMESTAMP', unit: 'seconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the webhook secret of the subscription, used as it stands', source: 'either' },
  uncovered: 'The host of the URL.',
  setup: [
    'In Walmart Marketplace: subscribe {ingest_url} to the events through the notifications API',
    'Import the webhook secret of the subscription as a callback secret',
  ],
};
