import { createHmac, hash, KeyObject } from 'node:crypto';
import { z } from 'zod';
import { hmacInBody, refused, type Scheme, type SignedPieces } from '#signatures';
import type { Callback, HandshakeFacts, HandshakeReply, ProviderPreset } from '../preset.js';

const CHALLENGE = /^[a-f0-9]{20,32}$/;

const Settings = z.strictObject({
  public_key: z
    .string()
    .regex(/^(?:[a-z0-9]{8,64})?$/, 'must be lower-case letters and digits')
    .default('')
    .meta({ description: 'The public key that belongs to the private key; without it nothing is accepted' }),
});

/** A form with XML in base64 and its signatures, each behind the public key whose private key made it. */
export const braintree: ProviderPreset = {
  id: 'braintree',
  name: 'Braintree',
  docsUrl: 'https://github.com/braintree/braintree_node',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'the private API key; the HMAC key is its SHA-1', source: 'imported' },
  uncovered: 'The fields of the body other than bt_payload; the time in it is signed but not judged.',
  handshake: {
    description: 'GET with bt_challenge: the public key and the HMAC of the challenge.',
    methods: ['GET'],
    isSigned: false,
    answer: answerChallenge,
  },
  setup: [
    'In Braintree: API → Keys; put the public key into the config of the source and import the private key as a callback secret.',
    'API → Webhooks → Create new webhook, destination URL {ingest_url}.',
  ],
};

function schemeOf({ public_key: publicKey }: z.output<typeof Settings>): Scheme {
  return hmacInBody({
    algorithm: 'sha1',
    encoding: 'hex',
    signature: { form: 'bt_signature' },
    grammar: { kind: 'list', separator: '&', prefix: `${publicKey}|` },
    content: payload,
    secret: { derive: (secret) => hash('sha1', secret, 'buffer') },
  });
}

function payload(...[, { fields }]: Parameters<SignedPieces>): ReturnType<SignedPieces> {
  const text = fields?.formField('bt_payload') ?? refused('signature_missing');
  if (typeof text !== 'string') return text;
  // Anybody can have a challenge signed by the handshake, and it must not pass for a payload.
  return CHALLENGE.test(text) ? refused('signature_mismatch') : [text];
}

function answerChallenge({ method, url }: Callback, { keys, config }: HandshakeFacts): HandshakeReply | null {
  const material = keys[0]?.material;
  const settings = Settings.safeParse(config);
  if (method !== 'GET' || !URL.canParse(url) || !(material instanceof KeyObject) || !settings.success)
    return null;
  const challenge = new URL(url).searchParams.get('bt_challenge') ?? '';
  const { public_key: publicKey } = settings.data;
  if (!CHALLENGE.test(challenge) || publicKey === '') return null;
  const signature = createHmac('sha1', material).update(challenge).digest('hex');
  return { status: 200, headers: [['content-type', 'text/plain']], body: `${publicKey}|${signature}` };
}
