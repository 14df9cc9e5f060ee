import { digestWithSecret } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * A plain SHA-512 of three values and the server key stands in the body. Notifications about pay accounts sign other
 * values and are refused.
 */
export const midtrans: ProviderPreset = {
  id: 'midtrans',
  name: 'Midtrans',
  docsUrl: 'https://docs.midtrans.com/docs/https-notification-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: digestWithSecret({
    signature: { json: '/signature_key' },
    algorithm: 'sha512',
    encoding: 'hex',
    content: '${json:/order_id}${json:/status_code}${json:/gross_amount}${secret}',
  }),
  secret: { format: 'the server key, used as it stands', source: 'imported' },
  eventType: json('/transaction_status'),
  uncovered:
    'The body except for order_id, status_code and gross_amount: not the transaction_status, so ask Midtrans for the status of the order.',
  setup: [
    'In Midtrans: Settings → Payment → Notification URL {ingest_url}.',
    'Import the server key (Settings → Access Keys) as a callback secret.',
  ],
};
