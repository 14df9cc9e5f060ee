import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * Cal.com signs the bare body, and only when a secret was set; a custom payload template may leave out the
 * trigger.
 */
export const calCom: ProviderPreset = {
  id: 'cal-com',
  name: 'Cal.com',
  docsUrl: 'https://cal.com/docs/developing/guides/automation/webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Cal-Signature-256', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the secret of the webhook, any text, used as it stands', source: 'either' },
  eventType: json('/triggerEvent'),
  setup: [
    'In Cal.com: Settings → Developer → Webhooks → New webhook, subscriber URL {ingest_url}.',
    'Enter the callback secret of the source as the secret.',
  ],
};
