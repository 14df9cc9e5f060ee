import { sharedToken } from '#signatures';
import { header, json } from '../locators.js';
import type { Callback, HandshakeReply, ProviderPreset } from '../preset.js';

/**
 * Okta repeats a secret of yours in the Authorization header. One request carries several events; eventId is the
 * one of the request, which Okta names for finding duplicates.
 */
export const okta: ProviderPreset = {
  id: 'okta',
  name: 'Okta event hooks',
  docsUrl: 'https://developer.okta.com/docs/concepts/event-hooks/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: sharedToken({ header: 'Authorization' }),
  secret: { format: 'any text, used as it stands as the whole value of the header', source: 'either' },
  eventId: json('/eventId'),
  eventType: json('/eventType'),
  uncovered: 'Nothing is signed: the secret does not cover the body.',
  tokenHeaders: ['authorization'],
  handshake: {
    description: 'One GET with x-okta-verification-challenge is answered with its value as JSON.',
    methods: ['GET'],
    isSigned: false,
    answer: answerChallenge,
  },
  reply: { status: 200, contentType: 'text/plain', body: '' },
  setup: [
    'Make a callback secret, or import one.',
    'In Okta: Workflow → Event Hooks → Create, URL {ingest_url}, authentication field Authorization, authentication secret as made.',
    'Click Verify.',
  ],
};

const challengeHeader = header('x-okta-verification-challenge');

function answerChallenge(request: Callback): HandshakeReply | null {
  const verification = challengeHeader(request);
  if (request.method !== 'GET' || verification === null || !/^[\x21-\x7e]+$/.test(verification)) return null;
  const body = JSON.stringify({ verification });
  return { status: 200, headers: [['content-type', 'application/json']], body };
}
