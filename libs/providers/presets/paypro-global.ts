import { digestWithSecret, urlEncodedFields } from '#signatures';
import type { Locator, ProviderPreset } from '../preset.js';

const ipnType: Locator = ({ body }) => {
  const type = urlEncodedFields(body)?.find(({ name }) => name === 'IPN_TYPE_NAME')?.value ?? '';
  return /^\w{1,64}$/.test(type) ? type : null;
};

/**
 * PayPro Global's IPN: a form with a plain SHA-256 of six of its fields and the validation key. An order of several products
 * is several callbacks, so its id identifies none. HASH, which is the same for all test orders, is not looked at.
 */
export const payproGlobal: ProviderPreset = {
  id: 'paypro-global',
  name: 'PayPro Global',
  docsUrl: 'https://developers.payproglobal.com/docs/integrate-with-paypro-global/webhook-ipn/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: digestWithSecret({
    signature: { form: 'SIGNATURE' },
    algorithm: 'sha256',
    encoding: 'hex-any-case',
    content:
      '${form:ORDER_ID}${form:ORDER_STATUS}${form:ORDER_TOTAL_AMOUNT}${form:CUSTOMER_EMAIL}${secret}${form:TEST_MODE}${form:IPN_TYPE_NAME}',
  }),
  secret: { format: 'the validation key (not the secret key), used as it stands', source: 'imported' },
  eventType: ipnType,
  uncovered:
    'The body except for ORDER_ID, ORDER_STATUS, ORDER_TOTAL_AMOUNT, CUSTOMER_EMAIL, TEST_MODE and IPN_TYPE_NAME, which have nothing between them.',
  // Whatever answers LicenseRequested goes to the customer as a licence.
  reply: { status: 200, contentType: 'text/plain', body: '' },
  setup: [
    'In PayPro Global: Store settings → General settings → Integration → import the validation key as a callback secret.',
    'Store settings → Product setup → the product → IPN URL {ingest_url}. Not for an external licence generator: its answer must be a licence.',
  ],
};
