import { hmac } from '#signatures';
import { header, json } from '../locators.js';
import type { ProviderPreset } from '../preset.js';

const messageType = header('Twitch-Eventsub-Message-Type');
const challenge = json('/challenge');
const VISIBLE = /^[\x21-\x7e]+$/;

/** Twitch EventSub signs id, time and body without anything in between; it also tells when it revokes a subscription. */
export const twitch: ProviderPreset = {
  id: 'twitch',
  name: 'Twitch EventSub',
  docsUrl: 'https://dev.twitch.tv/docs/eventsub/handling-webhook-events/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'Twitch-Eventsub-Message-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
    content: '${id}${timestamp}${body}',
    timestamp: { header: 'Twitch-Eventsub-Message-Timestamp', unit: 'rfc3339', toleranceSeconds: 600 },
    id: { header: 'Twitch-Eventsub-Message-Id' },
  }),
  secret: { format: 'the secret you set for the subscription, 16 to 100 ASCII characters', source: 'either' },
  eventId: header('Twitch-Eventsub-Message-Id'),
  eventType: header('Twitch-Eventsub-Subscription-Type'),
  handshake: {
    description:
      'A signed POST of the message type webhook_callback_verification is answered with its challenge.',
    isSigned: true,
    answer: (request) => {
      const isVerification = messageType(request) === 'webhook_callback_verification';
      const text = isVerification ? challenge(request) : null;
      if (text === null || !VISIBLE.test(text)) return null;
      return { status: 200, headers: [['Content-Type', 'text/plain']], body: text };
    },
  },
  setup: [
    'Make a callback secret',
    'In Twitch: POST /helix/eventsub/subscriptions with transport.method webhook, transport.callback {ingest_url} and the secret as transport.secret',
  ],
};
