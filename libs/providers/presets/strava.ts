import { z } from 'zod';
import { unsigned } from '#signatures';
import { json } from '../locators.js';
import type { Callback, HandshakeFacts, HandshakeReply, ProviderPreset } from '../preset.js';
import { isVerifyToken } from '../verify-token.js';

const Settings = z.strictObject({
  verify_token: z.string().min(8).max(256).optional().meta({
    description: 'The text that Strava is given with the subscription and repeats when it verifies the URL',
  }),
});

/** Strava signs nothing; only the subscription is confirmed, by a token of the subscriber's. */
export const strava: ProviderPreset = {
  id: 'strava',
  name: 'Strava',
  docsUrl: 'https://developers.strava.com/docs/webhooks/',
  checkedOn: '2026-11-22',
  confidence: 'second_hand',
  scheme: unsigned(),
  secret: { format: 'none', source: 'none' },
  urlToken: true,
  eventType: json('/object_type'),
  uncovered:
    'Nothing is signed: not the body, the URL, the time or the sender. Only the URL protects this source.',
  configuration: { settings: Settings },
  handshake: {
    description: 'GET with hub.verify_token and hub.challenge: the challenge as JSON, if the token is right.',
    methods: ['GET'],
    isSigned: false,
    answer: confirmSubscription,
  },
  setup: [
    'Choose a verify_token and put it into the config of the source.',
    'Create the push subscription with callback_url {ingest_url} and that verify_token.',
  ],
};

function confirmSubscription({ method, url }: Callback, { config }: HandshakeFacts): HandshakeReply | null {
  if (method !== 'GET' || !URL.canParse(url)) return null;
  const query = new URL(url).searchParams;
  const challenge = query.get('hub.challenge') ?? '';
  if (
    !/^[\w.~+/=-]{1,1024}$/.test(challenge) ||
    !isVerifyToken(query.get('hub.verify_token'), config.verify_token)
  )
    return null;
  return {
    status: 200,
    headers: [['content-type', 'application/json']],
    body: JSON.stringify({ 'hub.challenge': challenge }),
  };
}
