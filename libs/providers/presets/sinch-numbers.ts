import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Sinch Numbers: HMAC-SHA1 over the bare body. */
export const sinchNumbers: ProviderPreset = {
  id: 'sinch-numbers',
  name: 'Sinch Numbers',
  docsUrl: 'https://github.com/sinch/sinch-sdk-node',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'X-Sinch-Signature', algorithm: 'sha1', encoding: 'hex' }),
  secret: {
    format: 'the hmacSecret of the callback configuration',
    source: 'either',
  },
  eventId: json('/eventId'),
  eventType: json('/eventType'),
  uncovered: 'The age: whoever saw a callback can send it again.',
  setup: [
    'In Sinch Numbers: set {ingest_url} as the callback URL of the numbers',
    'Set hmacSecret in the callback configuration of the project and import the same as a callback secret',
  ],
};
