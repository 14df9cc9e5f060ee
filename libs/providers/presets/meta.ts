import { z } from 'zod';
import { hmac } from '#signatures';
import { json } from '../locators.js';
import type { Callback, HandshakeFacts, HandshakeReply, ProviderPreset } from '../preset.js';
import { isVerifyToken } from '../verify-token.js';

const Settings = z.strictObject({
  verify_token: z.string().min(8).max(256).optional().meta({
    description: 'The text that Meta is given along with the URL and repeats when it verifies it',
  }),
});

/**
 * HMAC of the raw body, in which slashes and letters beyond ASCII are escaped: any re-serialisation breaks it. One
 * request carries up to 1,000 changes, so no single id stands for it.
 */
export const meta: ProviderPreset = {
  id: 'meta',
  name: 'Meta (Graph webhooks)',
  docsUrl: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: hmac({
    header: 'X-Hub-Signature-256',
    algorithm: 'sha256',
    encoding: 'hex',
    grammar: { kind: 'bare', prefix: 'sha256=' },
  }),
  secret: { format: 'the app secret, used as it stands', source: 'imported' },
  eventType: json('/object'),
  configuration: { settings: Settings },
  handshake: {
    description:
      'GET with hub.mode, hub.verify_token and hub.challenge: the bare challenge, if the token is right.',
    methods: ['GET'],
    isSigned: false,
    answer: answerSubscription,
  },
  setup: [
    'Choose a verify_token and put it into the config of the source.',
    'In Meta for Developers: your app → Webhooks, callback URL {ingest_url}, verify token as chosen.',
    'Import the app secret (App settings → Basic) as a callback secret.',
  ],
};

function answerSubscription({ method, url }: Callback, { config }: HandshakeFacts): HandshakeReply | null {
  if (method !== 'GET' || !URL.canParse(url)) return null;
  const query = new URL(url).searchParams;
  const challenge = query.get('hub.challenge') ?? '';
  // Visible ASCII without markup, so that it can only be read as text.
  if (query.get('hub.mode') !== 'subscribe' || !/^[\w.~+/=-]{1,1024}$/.test(challenge)) return null;
  if (!isVerifyToken(query.get('hub.verify_token'), config.verify_token)) return null;
  return { status: 200, headers: [['content-type', 'text/plain']], body: challenge };
}
