import { createHmac, KeyObject } from 'node:crypto';
import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const eventType = json('/eventType');
const challenge = json('/data/challenge');
// The answer is the signature that a body of just this text would have: no text that could be a JSON object is signed.
const HARMLESS = /^[A-Za-z0-9_-]+$/;

/** Smartcar signs with the application management token, which also opens its management API. */
export const smartcar: ProviderPreset = {
  id: 'smartcar',
  name: 'Smartcar',
  docsUrl: 'https://smartcar.com/docs/integrations/webhooks/callback-verification',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({ header: 'SC-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secret: { format: 'the application management token, used as it stands', source: 'imported' },
  eventId: json('/eventId'),
  eventType,
  uncovered: 'The age: whoever saw a callback can send it again.',
  handshake: {
    description: 'A POST of type VERIFY is answered with the HMAC of its challenge.',
    isSigned: false,
    answer: (request, { keys }) => {
      const text = eventType(request) === 'VERIFY' ? challenge(request) : null;
      const key = keys[0]?.material;
      if (text === null || !HARMLESS.test(text) || !(key instanceof KeyObject)) return null;
      const answer = createHmac('sha256', key).update(text).digest('hex');
      return {
        status: 200,
        headers: [['Content-Type', 'application/json']],
        body: JSON.stringify({ challenge: answer }),
      };
    },
  },
  setup: [
    'Import the application management token (Smartcar dashboard → Configuration) as a callback secret',
    'In Smartcar: Webhooks → create a webhook with the callback URI {ingest_url}, and verify it',
  ],
};
