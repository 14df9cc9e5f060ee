import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * HMAC of the raw body; the bodies have no id of the event. Its secrets may have 6 characters; below 16 they are
 * not taken.
 */
export const lemonsqueezy: ProviderPreset = {
  id: 'lemonsqueezy',
  name: 'Lemon Squeezy',
  docsUrl: 'https://docs.lemonsqueezy.com/help/webhooks/signing-requests',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: '16 to 40 characters, used as they stand', source: 'imported' },
  eventType: header('X-Event-Name'),
  uncovered: 'The headers, so also the type of the event.',
  setup: [
    'In Lemon Squeezy: Settings → Webhooks → +, callback URL {ingest_url}.',
    'Choose a signing secret of 16 to 40 characters there and import it as a callback secret.',
  ],
};
