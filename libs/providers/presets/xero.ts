import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const entropy = json('/entropy');
const lastEventSequence = json('/lastEventSequence');

/**
 * Xero: a callback is a batch of events without an id of its own. To receive any, an endpoint must answer some well signed
 * callbacks without events with an empty 200, and wrongly signed ones with 401.
 */
export const xero: ProviderPreset = {
  id: 'xero',
  name: 'Xero',
  docsUrl: 'https://developer.xero.com/documentation/webhooks/configuring-your-server',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'x-xero-signature', algorithm: 'sha256', encoding: 'base64' }),
  secret: { format: 'the webhooks key of the app, used as it stands (not decoded)', source: 'imported' },
  uncovered: 'The age: whoever saw a callback can send it again.',
  handshake: {
    description: 'The intent to receive, a signed POST without events, is answered with an empty 200.',
    isSigned: true,
    answer: (request) => {
      const isIntent = entropy(request) !== null && lastEventSequence(request) === '0';
      return isIntent ? { status: 200, headers: [['Content-Type', 'text/plain']], body: '' } : null;
    },
  },
  reply: { status: 200, contentType: 'text/plain', body: '' },
  setup: [
    'In the Xero developer portal: your app → Webhooks → choose the events, delivery URL {ingest_url}, save',
    'Import the webhooks key as a callback secret',
    'Send the intent to receive; the status becomes OK',
  ],
};
