import Finch from '@tryfinch/finch-api';
import ImageKit from '@imagekit/nodejs';
import { validateWebhook } from 'replicate';
import { Resend } from 'resend';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import {
  headersOf,
  type Peer,
  secondsOf,
  textOf,
  valueOf,
  WHSECS,
  withHeaders,
} from './official-peers.fixture.js';

const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';

/** What both libraries can. */
interface Webhook {
  sign(id: string, time: Date, body: string): string;
  verify(body: string, headers: Record<string, string>): unknown;
}

interface Names {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
}

const UNBRANDED: Names = {
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
};
const SVIX: Names = { id: 'svix-id', timestamp: 'svix-timestamp', signature: 'svix-signature' };
const FINCH: Names = { id: 'Finch-Event-Id', timestamp: 'Finch-Timestamp', signature: 'Finch-Signature' };

const keyedWithBytes = (secret: string): Webhook => new StandardWebhook(secret);
const keyedWithText = (secret: string): Webhook => new StandardWebhook(secret, { format: 'raw' });
const bySvix = (secret: string): Webhook => new SvixWebhook(secret);

/** A peer that signs with one of the two libraries, under the names of its provider; it verifies in its own way. */
function signing(id: string, make: (secret: string) => Webhook, names = UNBRANDED) {
  const sign: Peer['sign'] = (request, secret, nowMs) =>
    withHeaders(
      request,
      [names.id, ID],
      [names.timestamp, secondsOf(nowMs)],
      [names.signature, make(secret).sign(ID, new Date(nowMs), textOf(request))],
    );
  return { id, ...WHSECS, judgesAge: true, sign };
}

/** A provider whose documentation says to verify with one of the two libraries. */
function standard(library: string, ...how: Parameters<typeof signing>): Peer {
  const [, make] = how;
  return {
    library,
    ...signing(...how),
    accepts: (request, secret) => make(secret).verify(textOf(request), headersOf(request)),
  };
}

const resend = new Resend('re_an_example_of_a_key');
const imageKit = new ImageKit({ privateKey: 'an example of a key' });
const finch = new Finch({ clientID: 'an example', clientSecret: 'an example' });

/** Standard Webhooks and what goes by it. */
export const STANDARD_PEERS: readonly Peer[] = [
  ...[
    'standard-webhooks',
    'openai',
    'anthropic',
    'dodopayments',
    'gitlab',
    'increase',
    'lithic',
    'polar',
  ].map((id) => standard('standardwebhooks', id, keyedWithBytes)),
  standard('standardwebhooks, keyed with the text,', 'polar', keyedWithText),
  {
    ...standard('standardwebhooks, keyed with the text,', 'bigcommerce', keyedWithText),
    secret: 'a client secret of BigCommerce',
    otherSecret: 'another secret of BigCommerce',
  },
  standard('svix', 'svix', bySvix, SVIX),
  standard('svix', 'clerk', bySvix, SVIX),
  standard('svix, unbranded,', 'svix', bySvix),
  {
    library: 'resend',
    ...signing('resend', bySvix, SVIX),
    accepts: (request, webhookSecret) =>
      resend.webhooks.verify({
        payload: textOf(request),
        headers: {
          id: valueOf(request, 'svix-id'),
          timestamp: valueOf(request, 'svix-timestamp'),
          signature: valueOf(request, 'svix-signature'),
        },
        webhookSecret,
      }),
  },
  {
    library: 'replicate',
    ...signing('replicate', keyedWithBytes),
    judgesAge: false,
    accepts: (request, secret) =>
      validateWebhook({
        id: valueOf(request, 'webhook-id'),
        timestamp: valueOf(request, 'webhook-timestamp'),
        signature: valueOf(request, 'webhook-signature'),
        body: textOf(request),
        secret,
      }),
  },
  {
    library: '@imagekit/nodejs',
    ...signing('imagekit', keyedWithText),
    accepts: (request, key) =>
      imageKit.webhooks.unwrap(textOf(request), { headers: headersOf(request), key }),
  },
  {
    library: '@tryfinch/finch-api',
    ...signing('finch', keyedWithBytes, FINCH),
    secret: Buffer.alloc(32, 1).toString('base64'),
    otherSecret: Buffer.alloc(32, 2).toString('base64'),
    accepts: (request, secret) => finch.webhooks.unwrap(textOf(request), headersOf(request), secret),
  },
];
