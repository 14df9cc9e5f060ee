import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Every attempt has an id of its own; the event inside keeps one. */
export const coinbaseCommerce: ProviderPreset = {
  id: 'coinbase-commerce',
  name: 'Coinbase Commerce',
  docsUrl: 'https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-security',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-CC-Webhook-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the shared secret, used as it stands', source: 'imported' },
  eventId: json('/event/id'),
  eventType: json('/event/type'),
  setup: [
    'In Coinbase Commerce: Settings → Notifications → Add an endpoint, URL {ingest_url}.',
    'Import the shared secret as a callback secret of the source.',
  ],
};
