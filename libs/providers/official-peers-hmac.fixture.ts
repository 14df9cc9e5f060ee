import { join } from 'node:path';
import EasyPost from '@easypost/api';
import { LinearWebhookClient } from '@linear/sdk/webhooks';
import Mux from '@mux/mux-node';
import { signWebhookPayload, verifyWebhookSignature } from '@notionhq/client';
import { WebhookEventVerifier } from '@onfido/api';
import { Paddle } from '@paddle/paddle-node-sdk';
import { encodeSignatureHeader, isValidSignature } from '@sanity/webhook';
import { isValidSlackRequest } from '@slack/bolt';
import { v2 as cloudinary } from 'cloudinary';
import { verifySignature } from 'gocardless-nodejs/webhooks';
import ModernTreasury from 'modern-treasury';
import Pusher from 'pusher';
import Razorpay from 'razorpay';
import { hashChallenge, verifyPayload } from 'smartcar';
import Stripe from 'stripe';
import {
  COMPACT_BODIES,
  headersOf,
  type Peer,
  secondsOf,
  textOf,
  TEXTS,
  valueOf,
  WHSECS,
  withHeaders,
} from './official-peers.fixture.js';

// The package has an entry for `import` only, and this file is run by `require`.
const octokit = jest.requireActual<typeof import('@octokit/webhooks-methods')>(
  join(process.cwd(), 'node_modules/@octokit/webhooks-methods/dist-node/index.js'),
);
const stripe = new Stripe('sk_test_not_a_key');
const paddle = new Paddle('an example of a key').webhooks;
const mux = new Mux({ tokenId: 'an example', tokenSecret: 'an example' });
// Its types are those of its entry for `import`.
const easyPost = new (EasyPost as unknown as typeof EasyPost.default)('an example of a key');
const modernTreasury = new ModernTreasury({ apiKey: 'an example', organizationID: 'an example' });

function cloudinaryWith(algorithm: 'sha1' | 'sha256'): Peer {
  const settings = (secret: string) => ({ api_secret: secret, signature_algorithm: algorithm });
  return {
    library: `cloudinary, ${algorithm},`,
    id: 'cloudinary',
    config: { algorithm },
    ...TEXTS,
    judgesAge: true,
    sign: (request, secret, nowMs) =>
      withHeaders(
        request,
        ['X-Cld-Timestamp', secondsOf(nowMs)],
        [
          'X-Cld-Signature',
          cloudinary.utils.webhook_signature(textOf(request), Number(secondsOf(nowMs)), settings(secret)),
        ],
      ),
    accepts: (request, secret) => {
      cloudinary.config(settings(secret));
      const time = Number(valueOf(request, 'X-Cld-Timestamp'));
      const signature = valueOf(request, 'X-Cld-Signature');
      return cloudinary.utils.verifyNotificationSignature(textOf(request), time, signature);
    },
  };
}

/** Libraries that sign and verify. */
const SIGNERS: readonly Peer[] = [
  {
    library: 'stripe',
    id: 'stripe',
    ...WHSECS,
    judgesAge: true,
    sign: (request, secret, nowMs) => {
      const facts = { payload: textOf(request), secret, timestamp: Number(secondsOf(nowMs)) };
      return withHeaders(request, ['Stripe-Signature', stripe.webhooks.generateTestHeaderString(facts)]);
    },
    accepts: (request, secret) =>
      stripe.webhooks.constructEvent(textOf(request), valueOf(request, 'Stripe-Signature'), secret),
  },
  {
    library: '@octokit/webhooks-methods',
    id: 'github',
    ...TEXTS,
    sign: async (request, secret) =>
      withHeaders(request, ['X-Hub-Signature-256', await octokit.sign(secret, textOf(request))]),
    accepts: (request, secret) =>
      octokit.verify(secret, textOf(request), valueOf(request, 'X-Hub-Signature-256')),
  },
  {
    library: '@notionhq/client',
    id: 'notion',
    ...TEXTS,
    sign: async (request, verificationToken) =>
      withHeaders(request, [
        'X-Notion-Signature',
        await signWebhookPayload({ body: textOf(request), verificationToken }),
      ]),
    accepts: (request, verificationToken) =>
      verifyWebhookSignature({
        body: textOf(request),
        signature: valueOf(request, 'X-Notion-Signature'),
        verificationToken,
      }),
  },
  {
    library: '@sanity/webhook',
    id: 'sanity',
    ...TEXTS,
    sign: async (request, secret, nowMs) =>
      withHeaders(request, [
        'sanity-webhook-signature',
        await encodeSignatureHeader(textOf(request), nowMs, secret),
      ]),
    accepts: (request, secret) =>
      isValidSignature(textOf(request), valueOf(request, 'sanity-webhook-signature'), secret),
  },
  {
    library: 'modern-treasury',
    id: 'modern-treasury',
    ...TEXTS,
    sign: (request, key) =>
      withHeaders(request, ['X-Signature', modernTreasury.webhooks.getSignature(textOf(request), { key })]),
    accepts: (request, key) =>
      modernTreasury.webhooks.validateSignature(textOf(request), headersOf(request), { key }),
  },
  {
    library: 'smartcar',
    id: 'smartcar',
    ...TEXTS,
    bodies: COMPACT_BODIES,
    sign: (request, token) => withHeaders(request, ['SC-Signature', hashChallenge(token, textOf(request))]),
    accepts: (request, token) =>
      verifyPayload(token, valueOf(request, 'SC-Signature'), JSON.parse(textOf(request))),
  },
  cloudinaryWith('sha1'),
  cloudinaryWith('sha256'),
];

/** Libraries that verify only. */
const VERIFIERS: readonly Peer[] = [
  {
    library: '@slack/bolt',
    id: 'slack',
    ...TEXTS,
    judgesAge: true,
    accepts: (request, signingSecret) =>
      isValidSlackRequest({
        signingSecret,
        body: textOf(request),
        headers: {
          'x-slack-signature': valueOf(request, 'X-Slack-Signature'),
          'x-slack-request-timestamp': Number(valueOf(request, 'X-Slack-Request-Timestamp')),
        },
      }),
  },
  {
    library: '@paddle/paddle-node-sdk',
    id: 'paddle',
    ...TEXTS,
    judgesAge: true,
    accepts: (request, secret) =>
      paddle.isSignatureValid(textOf(request), secret, valueOf(request, 'Paddle-Signature')),
  },
  {
    library: '@mux/mux-node',
    id: 'mux',
    ...TEXTS,
    judgesAge: true,
    accepts: (request, secret) => mux.webhooks.unwrap(textOf(request), headersOf(request), secret),
  },
  {
    library: '@linear/sdk',
    id: 'linear',
    ...TEXTS,
    judgesAge: true,
    bodies: [
      '{"action":"paid","webhookTimestamp":{now}}',
      '{ "webhookTimestamp" : {now}, "note":"José 😀" }\n',
    ],
    accepts: (request, secret) =>
      new LinearWebhookClient(secret).verify(request.body, valueOf(request, 'Linear-Signature')),
  },
  {
    library: '@easypost/api',
    id: 'easypost',
    secret: 'a sécret with ﬁne letters',
    otherSecret: 'another secret altogether',
    accepts: (request, secret) => easyPost.Utils.validateWebhook(request.body, headersOf(request), secret),
  },
  {
    library: '@onfido/api',
    id: 'onfido',
    ...TEXTS,
    accepts: (request, token) =>
      new WebhookEventVerifier(token).readPayload(textOf(request), valueOf(request, 'X-SHA2-Signature')),
  },
  {
    library: 'gocardless-nodejs',
    id: 'gocardless',
    ...TEXTS,
    accepts: (request, secret) =>
      verifySignature(textOf(request), secret, valueOf(request, 'Webhook-Signature')),
  },
  {
    library: 'pusher',
    id: 'pusher',
    ...TEXTS,
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Pusher-Key', 'key'],
    ],
    accepts: (request, secret) =>
      new Pusher({ appId: '1', key: 'key', secret, cluster: 'eu' })
        .webhook({ headers: headersOf(request), rawBody: textOf(request) })
        .isValid(),
  },
  {
    library: 'razorpay',
    id: 'razorpay',
    ...TEXTS,
    accepts: (request, secret) =>
      Razorpay.validateWebhookSignature(textOf(request), valueOf(request, 'X-Razorpay-Signature'), secret),
  },
];

/** HMAC, and digests with a secret in them. */
export const HMAC_PEERS: readonly Peer[] = [...SIGNERS, ...VERIFIERS];
