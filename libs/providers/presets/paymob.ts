import { hmacInBody } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const SIGNED = [
  'amount_cents',
  'created_at',
  'currency',
  'error_occured',
  'has_parent_transaction',
  'id',
  'integration_id',
  'is_3d_secure',
  'is_auth',
  'is_capture',
  'is_refunded',
  'is_standalone_payment',
  'is_voided',
  'order/id',
  'owner',
  'pending',
  'source_data/pan',
  'source_data/sub_type',
  'source_data/type',
  'success',
];

/** Twenty values of the transaction are signed, joined without separators. Callbacks about card tokens are refused. */
export const paymob: ProviderPreset = {
  id: 'paymob',
  name: 'Paymob',
  docsUrl: 'https://developers.paymob.com/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmacInBody({
    algorithm: 'sha512',
    encoding: 'hex',
    signature: { query: 'hmac' },
    content: SIGNED.map((name) => `\${json:/obj/${name}}`).join(''),
  }),
  secret: { format: 'the HMAC secret of the account, used as it stands', source: 'imported' },
  eventType: json('/type'),
  uncovered: 'The body except for the twenty signed values of the transaction; nor the URL.',
  setup: [
    'In Paymob: Developers → Payment Integrations → the integration, transaction processed callback {ingest_url}.',
    'Import the HMAC secret (Settings → Account Info) as a callback secret.',
  ],
};
