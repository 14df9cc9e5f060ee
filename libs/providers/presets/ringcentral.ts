import { sharedToken } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const eventType = json('/event');
const validationToken = header('Validation-Token');
// Visible ASCII without markup.
const TOKEN = /^[\w.~+/=:-]+$/;

/** RingCentral signs nothing: it repeats a token, and asks for its Validation-Token back when a subscription is made. */
export const ringcentral: ProviderPreset = {
  id: 'ringcentral',
  name: 'RingCentral',
  docsUrl: 'https://developers.ringcentral.com/guide/notifications/webhooks/creating-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: sharedToken({ header: 'Verification-Token' }),
  secret: { format: 'the verificationToken of the subscription', source: 'either' },
  eventId: json('/uuid'),
  eventType,
  tokenHeaders: ['verification-token'],
  uncovered: 'The body and the time: the token says who sends, not what.',
  handshake: {
    description:
      'A POST without an event and with the header Validation-Token is answered with the same header.',
    isSigned: false,
    answer: (request) => {
      const token = validationToken(request);
      if (token === null || !TOKEN.test(token) || eventType(request) !== null) return null;
      return { status: 200, headers: [['Validation-Token', token]], body: '' };
    },
  },
  setup: [
    'Make a callback secret',
    'In RingCentral: POST /restapi/v1.0/subscription with deliveryMode.transportType WebHook, address {ingest_url} and the secret as verificationToken',
  ],
};
