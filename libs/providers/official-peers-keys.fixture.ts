import { createHash, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { EventWebhook } from '@sendgrid/eventwebhook';
import { verifySignature } from '@vonage/jwt';
import { verifyKey } from 'discord-interactions';
import MessageValidator from 'sns-validator';
import { type HttpMethod, sign as signTrueLayer, verify as verifyTrueLayer } from 'truelayer-signing';
import { parseJson, type SignedRequest } from '#signatures';
import type { Vector } from './conformance.fixture.js';
import {
  headersOf,
  type Peer,
  secondsOf,
  textOf,
  TEXTS,
  valueOf,
  withHeaders,
} from './official-peers.fixture.js';

/** The secrets of a peer that are public keys, or where they are published; whatever is neither has the key of a stranger. */
interface KeyPairs {
  readonly secret: string;
  readonly otherSecret: string;
  privateKeyOf(secret: string): KeyObject;
}

type KeyPair = ReturnType<typeof generateKeyPairSync>;

function keyPairs(
  generate: () => KeyPair,
  secretOf: (publicKey: KeyObject, index: number) => string,
): KeyPairs {
  const pairs = [generate(), generate(), generate()].map(({ publicKey, privateKey }, index) => ({
    secret: secretOf(publicKey, index),
    privateKey,
  }));
  const [right, other, stranger] = pairs;
  if (right === undefined || other === undefined || stranger === undefined) throw new Error('no keys');
  return {
    secret: right.secret,
    otherSecret: other.secret,
    privateKeyOf: (secret) => (pairs.find((pair) => pair.secret === secret) ?? stranger).privateKey,
  };
}

const DISCORD = keyPairs(
  () => generateKeyPairSync('ed25519'),
  (key) => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex'),
);
const SENDGRID = keyPairs(
  () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  (key) => key.export({ format: 'der', type: 'spki' }).toString('base64'),
);
const sendGrid = new EventWebhook();

const discord: Peer = {
  library: 'discord-interactions',
  id: 'discord',
  ...DISCORD,
  sign: (request, secret, nowMs) => {
    const time = secondsOf(nowMs);
    const signature = signBytes(null, Buffer.from(time + textOf(request)), DISCORD.privateKeyOf(secret));
    return withHeaders(
      request,
      ['X-Signature-Timestamp', time],
      ['X-Signature-Ed25519', signature.toString('hex')],
    );
  },
  accepts: (request, secret) =>
    verifyKey(
      request.body,
      valueOf(request, 'X-Signature-Ed25519'),
      valueOf(request, 'X-Signature-Timestamp'),
      secret,
    ),
};

const SENDGRID_HEADERS = {
  signature: 'X-Twilio-Email-Event-Webhook-Signature',
  timestamp: 'X-Twilio-Email-Event-Webhook-Timestamp',
} as const;

const sendgrid: Peer = {
  library: '@sendgrid/eventwebhook',
  id: 'sendgrid',
  ...SENDGRID,
  sign: (request, secret, nowMs) => {
    const time = secondsOf(nowMs);
    const signature = signBytes('sha256', Buffer.from(time + textOf(request)), SENDGRID.privateKeyOf(secret));
    return withHeaders(
      request,
      [SENDGRID_HEADERS.timestamp, time],
      [SENDGRID_HEADERS.signature, signature.toString('base64')],
    );
  },
  accepts: (request, secret) =>
    sendGrid.verifySignature(
      sendGrid.convertPublicKeyToECDSA(secret),
      request.body,
      valueOf(request, SENDGRID_HEADERS.signature),
      valueOf(request, SENDGRID_HEADERS.timestamp),
    ),
};

const keySets = new Map<string, string>();
const KEY_SET_URLS = ['', '-sandbox', '-stranger'].map(
  (kind) => `https://webhooks.truelayer${kind}.com/.well-known/jwks`,
);
const TRUELAYER = keyPairs(
  () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  (key, index) => {
    const url = KEY_SET_URLS[index] ?? '';
    keySets.set(
      url,
      JSON.stringify({ keys: [{ ...key.export({ format: 'jwk' }), kid: url, alg: 'ES512' }] }),
    );
    return url;
  },
);

const truelayer: Peer = {
  library: 'truelayer-signing',
  id: 'truelayer',
  ...TRUELAYER,
  published: Object.fromEntries(keySets),
  sign: (request, secret, nowMs) => {
    const headers = {
      'X-TL-Webhook-Timestamp': new Date(nowMs).toISOString().replace(/\.\d+/, ''),
      'Content-Type': 'application/json',
    };
    const signature = signTrueLayer({
      kid: secret,
      privateKeyPem: String(TRUELAYER.privateKeyOf(secret).export({ format: 'pem', type: 'sec1' })),
      path: new URL(request.url).pathname,
      headers,
      body: textOf(request),
    });
    return withHeaders(request, ...Object.entries(headers), ['Tl-Signature', signature]);
  },
  accepts: (request, secret) => {
    verifyTrueLayer({
      jwks: keySets.get(secret) ?? '',
      signature: valueOf(request, 'Tl-Signature'),
      method: 'POST' as HttpMethod,
      path: new URL(request.url).pathname,
      headers: headersOf(request),
      body: textOf(request),
      requiredHeaders: ['X-TL-Webhook-Timestamp'],
    });
  },
};

const messageOf = (request: SignedRequest) => parseJson(request.body) as Record<string, string>;
// Whoever has no certificate of Amazon's host cannot sign, so the vectors are what is verified.
const vectors = JSON.parse(
  readFileSync(join(process.cwd(), 'libs/providers/presets/aws-sns.vectors.json'), 'utf8'),
) as readonly Vector[];
const certificates = new Map(vectors.flatMap(({ published = {} }) => Object.entries(published)));
const [{ secret: topic = '', other_secret: otherTopic = '' } = {}] = vectors;

const sns: Peer = {
  library: 'sns-validator',
  id: 'aws-sns',
  secret: topic,
  otherSecret: otherTopic,
  published: Object.fromEntries(certificates),
  bodies: vectors.map((vector) => Buffer.from(vector.body_base64, 'base64').toString()),
  sign: (request, secret) => ({ ...request, body: Buffer.from(textOf(request).replace(topic, secret)) }),
  alter: (request) => ({
    ...request,
    body: Buffer.from(JSON.stringify({ ...messageOf(request), Message: 'something else' })),
  }),
  accepts: async (request, secret) => {
    const get = jest.spyOn(https, 'get').mockImplementation(answerWithCertificate);
    const error = await new Promise<Error | null>((resolve) => {
      new MessageValidator().validate(messageOf(request), resolve);
    });
    get.mockRestore();
    // Whose topic it is, the library leaves to the app.
    return error === null && messageOf(request)['TopicArn'] === secret;
  },
};

/** The outside network, of which `sns-validator` wants one file. */
function answerWithCertificate(...[url, listener]: readonly unknown[]): ReturnType<typeof https.get> {
  const response = {
    statusCode: 200,
    on: (event: string, take: (chunk?: Buffer) => void) => {
      take(event === 'data' ? Buffer.from(certificates.get(String(url)) ?? '') : undefined);
      return response;
    },
  };
  (listener as (answer: typeof response) => void)(response);
  return { on: () => undefined } as unknown as ReturnType<typeof https.get>;
}

const vonage: Peer = {
  library: '@vonage/jwt',
  id: 'vonage',
  ...TEXTS,
  accepts: (request, secret) => {
    const token = valueOf(request, 'Authorization').replace('Bearer ', '');
    const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url')) as { payload_hash: string };
    // The library looks at the token alone; its documentation has the app compare the hash.
    const hash = createHash('sha256').update(request.body).digest('hex');
    return verifySignature(token, secret) && claims.payload_hash === hash;
  },
};

/** Public keys, certificates and tokens. */
export const KEY_PEERS: readonly Peer[] = [discord, sendgrid, truelayer, sns, vonage];
