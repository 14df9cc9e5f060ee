import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Recharge: retries keep their first time for up to 48 hours. The older header X-Recharge-Hmac-Sha256 is a plain hash, no HMAC. */
export const recharge: ProviderPreset = {
  id: 'recharge',
  name: 'Recharge',
  docsUrl: 'https://docs.getrecharge.com/docs/webhooks-overview',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-Recharge-Webhook-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'fields', separator: ',', signature: 'v1', timestamp: 't' },
    content: '${timestamp}.${body}',
    timestamp: { unit: 'seconds', toleranceSeconds: 48 * 3600 },
  }),
  secret: { format: 'the client secret of the API token, used as it stands', source: 'imported' },
  eventType: header('X-Recharge-Topic'),
  uncovered: 'The topic, which stands in a header of its own.',
  setup: [
    'In Recharge: create a webhook with POST /webhooks, address {ingest_url} and the topics wanted',
    'Import the client secret (Tools and apps → API tokens) as a callback secret',
  ],
};
