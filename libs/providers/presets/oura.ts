import { z } from 'zod';
import { hmac, withFreshHeaders } from '#signatures';
import { json } from '../locators.js';
import type { Callback, HandshakeFacts, HandshakeReply, ProviderPreset } from '../preset.js';
import { isVerifyToken } from '../verify-token.js';

const Settings = z.strictObject({
  verification_token: z.string().min(8).max(256).optional().meta({
    description: 'The text that the subscription is made with and Oura repeats when it verifies the URL',
  }),
});

const scheme = hmac({
  header: 'x-oura-signature',
  algorithm: 'sha256',
  encoding: 'hex-any-case',
  content: '${timestamp}${body}',
  timestamp: { header: 'x-oura-timestamp', unit: 'seconds', toleranceSeconds: 300 },
});

/** Time and body are signed without a separator, and the signature is written in upper case. */
export const oura: ProviderPreset = {
  id: 'oura',
  name: 'Oura',
  docsUrl: 'https://cloud.ouraring.com/v2/docs#tag/Webhook-Subscription-Routes',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  // Receivers compare with upper-case letters.
  scheme: withFreshHeaders(scheme, { written: (value) => value.toUpperCase() }),
  secret: { format: 'the client secret of the app, used as it stands', source: 'imported' },
  eventType: json('/event_type'),
  configuration: { settings: Settings },
  handshake: {
    description: 'GET with verification_token and challenge: the challenge as JSON, if the token is right.',
    methods: ['GET'],
    isSigned: false,
    answer: answerChallenge,
  },
  setup: [
    'Choose a verification_token and put it into the config of the source.',
    'Import the client secret of the app as a callback secret.',
    'Create the subscription by the API: POST /v2/webhook/subscription with callback_url {ingest_url} and that token.',
  ],
};

function answerChallenge({ method, url }: Callback, { config }: HandshakeFacts): HandshakeReply | null {
  if (method !== 'GET' || !URL.canParse(url)) return null;
  const query = new URL(url).searchParams;
  const challenge = query.get('challenge') ?? '';
  if (!/^[\x21-\x7e]{1,1024}$/.test(challenge)) return null;
  if (!isVerifyToken(query.get('verification_token'), config.verification_token)) return null;
  return {
    status: 200,
    headers: [['content-type', 'application/json']],
    body: JSON.stringify({ challenge }),
  };
}
