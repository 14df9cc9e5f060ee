import { createHmac, KeyObject } from 'node:crypto';
import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { Callback, HandshakeFacts, HandshakeReply, ProviderPreset } from '../preset.js';

/**
 * The text hmacsha256= is signed in front of the body. Every two hours LinkedIn asks for the HMAC of a challenge
 * with the same client secret.
 */
export const linkedin: ProviderPreset = {
  id: 'linkedin',
  name: 'LinkedIn',
  docsUrl: 'https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-LI-Signature',
    algorithm: 'sha256',
    encoding: 'hex',
    content: 'hmacsha256=${body}',
  }),
  secret: { format: 'the client secret of the app, used as it stands', source: 'imported' },
  eventType: json('/type'),
  handshake: {
    description: 'GET with challengeCode is answered with its HMAC as JSON.',
    methods: ['GET'],
    isSigned: false,
    answer: answerChallenge,
  },
  setup: [
    'Import the client secret of the app as a callback secret first: LinkedIn checks it at once.',
    'In the LinkedIn Developer Portal: your app → Webhooks → Create webhook, URL {ingest_url}.',
  ],
};

function answerChallenge({ method, url }: Callback, { keys }: HandshakeFacts): HandshakeReply | null {
  if (method !== 'GET' || !URL.canParse(url)) return null;
  const challengeCode = new URL(url).searchParams.get('challengeCode') ?? '';
  const material = keys[0]?.material;
  // A UUID and nothing else: whoever asks gets an HMAC, which must never be the one of a callback.
  if (!/^[0-9a-fA-F-]{36}$/.test(challengeCode) || !(material instanceof KeyObject)) return null;
  const challengeResponse = createHmac('sha256', material).update(challengeCode).digest('hex');
  const body = JSON.stringify({ challengeCode, challengeResponse });
  return { status: 200, headers: [['content-type', 'application/json']], body };
}
