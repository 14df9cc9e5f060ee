import { createHash } from 'node:crypto';
import { digestWithSecret, jsonPointer, refused, type SignedPieces } from '#signatures';
import { json } from '../locators.js';
import type { AcceptedFacts, ProviderPreset } from '../preset.js';

const SIGNED = [
  '/merchant_id',
  '/application_key',
  '/timestamp',
  '/customer/customer_token',
  '/session/order_id',
  '/transaction/tid',
  '/transaction/currency',
  '/transaction/amount',
  '/transaction/conversion_rate',
  '/transaction/processed_currency',
  '/transaction/processed_amount',
].map((pointer) => jsonPointer(pointer));

/** The signed values as PHP prints them: `null` is skipped, and numbers of more digits than it shows have no one spelling. */
const signedValues: SignedPieces = (_request, { fields }) => {
  const document = fields?.json();
  if (typeof document !== 'object' || document === null) return refused('signature_malformed');
  let text = '';
  for (const read of SIGNED) {
    const value = read?.(document) ?? '';
    const isPlain =
      typeof value === 'string' ||
      (typeof value === 'number' && /^-?(?=[\d.]{1,15}$)\d+(\.\d+)?$/.test(String(value)));
    if (!isPlain) return refused('signature_malformed');
    text += String(value);
  }
  return [text];
};

/** Praxis sends a notification again until the answer to it is signed as the notification was. */
function acknowledgement({ key, nowMs }: AcceptedFacts) {
  const timestamp = Math.floor(nowMs / 1000);
  const secret = key !== null && Buffer.isBuffer(key.material) ? key.material : Buffer.alloc(0);
  const signature = createHash('sha384').update(`0${timestamp}`).update(secret).digest('hex');
  return {
    headers: [['Gt-Authentication', signature]] as const,
    body: JSON.stringify({ status: 0, description: 'OK', version: '1.3', timestamp }),
  };
}

/** Praxis Cashier, payment notifications of API 1.3; those of subscriptions sign other values and are refused. */
export const praxis: ProviderPreset = {
  id: 'praxis',
  name: 'Praxis Cashier',
  docsUrl: 'https://doc.praxiscashier.com/integration_docs/latest/webhooks/notification',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: digestWithSecret({
    header: 'Gt-Authentication',
    algorithm: 'sha384',
    encoding: 'hex',
    content: signedValues,
  }),
  secret: { format: 'the merchant secret, used as it stands', source: 'imported' },
  eventType: json('/transaction/transaction_status'),
  uncovered:
    'The body except for eleven values, which have nothing between them: not the transaction_status, so ask Praxis for the status of the transaction.',
  reply: {
    status: 200,
    contentType: 'application/json; charset=utf-8',
    body: '{"status":0,"description":"OK","version":"1.3","timestamp":…}',
    made: acknowledgement,
  },
  setup: [
    'Import the merchant secret as a callback secret.',
    'Give {ingest_url} as notification_url when a payment is initiated.',
  ],
};
