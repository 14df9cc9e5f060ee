import { hmac } from '#signatures';
import { header } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

/** Zero Hash signs body and time in milliseconds without anything in between; the older headers sign the body alone. */
export const zerohash: ProviderPreset = {
  id: 'zerohash',
  name: 'Zero Hash',
  docsUrl: 'https://docs.zerohash.com/reference/webhook-security',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: hmac({
    header: 'x-zh-hook-signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: '${body}${timestamp}',
    timestamp: { header: 'x-zh-hook-timestamp', unit: 'milliseconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the token you agreed on with Zero Hash', source: 'either' },
  eventId: header('x-zh-hook-notification-id'),
  eventType: header('x-zh-hook-payload-type'),
  uncovered: 'The headers, among them the id and the type.',
  setup: [
    'Make a callback secret',
    'Give Zero Hash {ingest_url} and the secret, for signing by token (HMAC)',
  ],
};
