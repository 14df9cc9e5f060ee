import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/**
 * USPS tracking subscriptions (3.2): the time and the payload, a text that holds JSON, are signed as the JSON around them says
 * them. Subscriptions without a secret are not signed and are refused, as is the older header hmac-header.
 */
export const usps: ProviderPreset = {
  id: 'usps',
  name: 'USPS',
  docsUrl: 'https://developers.usps.com/subscriptions-trackingv3r2',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'X-HMAC',
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${json:/timestamp}${json:/payload}',
  }),
  secret: { format: 'the secret of the subscription: 32 characters, used as they stand', source: 'either' },
  eventType: json('/subscriptionType'),
  uncovered: 'The body except for timestamp and payload, and the age: no tolerance is documented.',
  setup: [
    'Make a callback secret of 32 characters, or import one.',
    'Call POST /subscriptions of the Subscriptions - Tracking API with listenerURL {ingest_url} and that secret.',
  ],
  sample: {
    type: 'TRACKING',
    headers: [['Content-Type', 'application/json']],
    body: '{"subscriptionId":"{unique}","subscriptionType":"TRACKING","timestamp":"{time}","payload":"{\\"trackingNumber\\":\\"9400100000000000000000\\",\\"status\\":\\"Delivered\\"}","links":[]}',
  },
};
