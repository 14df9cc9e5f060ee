import { hmac } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const frontChallenge = header('X-Front-Challenge');

/**
 * Application webhooks, signed with the time in milliseconds and a colon; rule webhooks are signed in an older
 * way. Front recommends five minutes.
 */
export const front: ProviderPreset = {
  id: 'front',
  name: 'Front',
  docsUrl: 'https://dev.frontapp.com/docs/application-webhooks',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Front-Signature',
    algorithm: 'sha256',
    encoding: 'base64',
    content: '${timestamp}:${body}',
    timestamp: { header: 'X-Front-Request-Timestamp', unit: 'milliseconds', toleranceSeconds: 300 },
  }),
  secret: { format: 'the signing key of the application, used as it stands', source: 'imported' },
  eventType: json('/type'),
  handshake: {
    description: 'A signed POST with X-Front-Challenge is answered with the challenge as text.',
    isSigned: true,
    answer: (request) => {
      const challenge = frontChallenge(request);
      if (challenge === null || !/^[\x21-\x7e]+$/.test(challenge)) return null;
      return { status: 200, headers: [['Content-Type', 'text/plain']], body: challenge };
    },
  },
  setup: [
    'In Front: Settings → Developers → your app → Basic information: import the signing key as a callback secret of the source.',
    'Features → Add feature → Webhook, URL {ingest_url}.',
  ],
};
