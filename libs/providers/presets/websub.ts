import { z } from 'zod';
import { hmac, type Scheme } from '#signatures';
import type { Callback, HandshakeFacts, HandshakeReply, ProviderPreset } from '../preset.js';
import { isVerifyToken } from '../verify-token.js';

const Settings = z.strictObject({
  topic: z.string().min(1).max(2_048).optional().meta({
    description: 'The topic URL that is subscribed to; the hub is confirmed no other one',
  }),
  algorithm: z
    .enum(['sha1', 'sha256', 'sha384', 'sha512'])
    .default('sha256')
    .meta({ description: 'What the hub signs with; the one of Google (YouTube) uses sha1' }),
});

/** W3C WebSub (PubSubHubbub): a hub posts what is new in a feed, signed with the secret of the subscription. */
export const websub: ProviderPreset = {
  id: 'websub',
  name: 'WebSub (any hub)',
  docsUrl: 'https://www.w3.org/TR/websub/',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'the hub.secret of the subscription, any text, used as it stands', source: 'either' },
  uncovered: 'The headers, so also the topic, and the age: whoever saw a callback can send it again.',
  handshake: {
    description: 'GET with hub.mode, hub.topic and hub.challenge: the bare challenge, if the topic is right.',
    methods: ['GET'],
    isSigned: false,
    answer: confirmSubscription,
  },
  setup: [
    'Set topic in the config of the source to the URL of the feed, and algorithm to what the hub signs with.',
    'Make a callback secret, or import one.',
    'POST to the hub as a form: hub.mode=subscribe, hub.topic, hub.callback={ingest_url} and the secret as hub.secret.',
  ],
};

function schemeOf({ algorithm }: z.output<typeof Settings>): Scheme {
  const grammar = { kind: 'bare', prefix: `${algorithm}=` } as const;
  return hmac({ header: 'X-Hub-Signature', algorithm, encoding: 'hex', grammar });
}

function confirmSubscription({ method, url }: Callback, { config }: HandshakeFacts): HandshakeReply | null {
  if (method !== 'GET' || !URL.canParse(url)) return null;
  const query = new URL(url).searchParams;
  const challenge = query.get('hub.challenge') ?? '';
  if (!['subscribe', 'unsubscribe'].includes(query.get('hub.mode') ?? '')) return null;
  if (!/^[\w.~+/=-]{1,1024}$/.test(challenge)) return null;
  if (!isVerifyToken(query.get('hub.topic'), config.topic)) return null;
  return { status: 200, headers: [['content-type', 'text/plain']], body: challenge };
}
