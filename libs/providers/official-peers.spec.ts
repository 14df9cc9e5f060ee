import { join } from 'node:path';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import type { HeaderPairs, Scheme, SignedRequest } from '#signatures';
import { keyOf } from './conformance.fixture.js';
import { findPreset } from './index.js';

/**
 * The libraries that the providers themselves publish, as peers on both sides. `@upstash/qstash` is one too, in
 * qstash.spec.ts. They look at the machine's clock, so everything here happens now.
 */
interface Peer {
  readonly name: string;
  readonly id: string;
  readonly secret: string;
  readonly otherSecret: string;
  /** The headers that the library makes, signed at that time. */
  sign(body: string, secret: string, nowMs: number): HeaderPairs | Promise<HeaderPairs>;
  /** Whether the library accepts these headers. */
  accepts(body: string, secret: string, headers: HeaderPairs): boolean | Promise<boolean>;
}

// The package has an entry for `import` only, and this file is run by `require`.
const octokit = jest.requireActual<typeof import('@octokit/webhooks-methods')>(
  join(process.cwd(), 'node_modules/@octokit/webhooks-methods/dist-node/index.js'),
);

const whsec = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const valueOf = (headers: HeaderPairs, wanted: string) =>
  headers.find(([name]) => name.toLowerCase() === wanted.toLowerCase())?.[1] ?? '';

function isQuiet(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

const stripe = new Stripe('sk_test_not_a_key');

type Library = new (
  secret: string,
  options?: { readonly format?: 'raw' },
) => {
  sign(id: string, time: Date, body: string): string;
  verify(body: string, headers: Record<string, string>): unknown;
};

/** Standard Webhooks by one of its two libraries; `prefix` is what the names of the three headers begin with. */
function standard(
  name: string,
  id: string,
  library: Library,
  options: { readonly prefix: string; readonly secrets?: readonly [string, string]; readonly raw?: boolean },
): Peer {
  const { prefix, secrets = [whsec(1), whsec(2)] } = options;
  const make = (secret: string) =>
    options.raw === true ? new library(secret, { format: 'raw' }) : new library(secret);
  return {
    name,
    id,
    secret: secrets[0],
    otherSecret: secrets[1],
    sign: (body, secret, nowMs) => [
      [`${prefix}-id`, 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W'],
      [`${prefix}-timestamp`, String(Math.floor(nowMs / 1000))],
      [`${prefix}-signature`, make(secret).sign('msg_2KWPBgLlAfxdpx2AI54pPJ85f4W', new Date(nowMs), body)],
    ],
    accepts: (body, secret, headers) =>
      isQuiet(() =>
        make(secret).verify(
          body,
          Object.fromEntries(headers.map(([header, value]) => [header.toLowerCase(), value])),
        ),
      ),
  };
}

const unbranded = { prefix: 'webhook' };
const branded = { prefix: 'svix' };
const TEXT_SECRETS = ['a client secret of BigCommerce', 'another secret of BigCommerce'] as const;

const PEERS: readonly Peer[] = [
  {
    name: 'stripe',
    id: 'stripe',
    secret: whsec(1),
    otherSecret: whsec(2),
    sign: (payload, secret, nowMs) => {
      const timestamp = Math.floor(nowMs / 1000);
      const header = stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
      return [['Stripe-Signature', header]];
    },
    accepts: (body, secret, headers) =>
      isQuiet(() => stripe.webhooks.constructEvent(body, valueOf(headers, 'Stripe-Signature'), secret)),
  },
  {
    name: '@octokit/webhooks-methods',
    id: 'github',
    secret: "It's a Secret to Everybody",
    otherSecret: 'nobody knows this other one',
    sign: async (body, secret) => [['X-Hub-Signature-256', await octokit.sign(secret, body)]],
    accepts: (body, secret, headers) => octokit.verify(secret, body, valueOf(headers, 'X-Hub-Signature-256')),
  },
  standard('standardwebhooks', 'standard-webhooks', StandardWebhook, unbranded),
  standard('standardwebhooks', 'openai', StandardWebhook, unbranded),
  standard('standardwebhooks', 'anthropic', StandardWebhook, unbranded),
  standard('standardwebhooks', 'gitlab', StandardWebhook, unbranded),
  standard('standardwebhooks', 'replicate', StandardWebhook, unbranded),
  standard('standardwebhooks, keyed with the text,', 'polar', StandardWebhook, { ...unbranded, raw: true }),
  standard('standardwebhooks, keyed with the text,', 'imagekit', StandardWebhook, {
    ...unbranded,
    raw: true,
  }),
  standard('standardwebhooks, keyed with the text,', 'bigcommerce', StandardWebhook, {
    ...unbranded,
    raw: true,
    secrets: TEXT_SECRETS,
  }),
  standard('svix', 'svix', SvixWebhook, branded),
  standard('svix', 'clerk', SvixWebhook, branded),
  standard('svix', 'resend', SvixWebhook, branded),
  standard('svix, unbranded,', 'svix', SvixWebhook, unbranded),
];

/** Valid JSON each, because some libraries parse what they have verified. */
const BODIES: readonly string[] = [
  '{}',
  '{"id":"evt_1","type":"invoice.paid","note":"José 😀","weight":614.0}',
  '{ "spaced" : [ 1,\t2 ] ,\r\n"escaped":"\\u00e9\\/" }\n',
  JSON.stringify({ padding: 'x'.repeat(100_000) }),
];

function schemeOf(id: string): Scheme {
  const preset = findPreset(id);
  if (preset === null) throw new Error(`no preset ${id}`);
  return preset.scheme;
}

function request(body: string, headers: HeaderPairs): SignedRequest {
  return { method: 'POST', url: 'https://inbox.example/in/acme/peer', headers, body: Buffer.from(body) };
}

/** The received headers with fresh ones in the place of those of the same name: a redelivery. */
function redelivered(received: HeaderPairs, fresh: HeaderPairs): HeaderPairs {
  const names = fresh.map(([name]) => name.toLowerCase());
  return [...received.filter(([name]) => !names.includes(name.toLowerCase())), ...fresh];
}

describe.each(PEERS.map((peer) => [peer.name, peer.id, peer] as const))('%s and %s', (_name, id, peer) => {
  const scheme = schemeOf(id);
  const keys = [keyOf(scheme, peer.otherSecret, 'other'), keyOf(scheme, peer.secret, 'right')];
  const outcome = async (body: string, headers: HeaderPairs, nowMs = Date.now()) => {
    const verdict = await scheme.verify(request(body, headers), keys, { nowMs });
    return verdict.ok ? verdict.keyId : verdict.reason;
  };
  const ours = async (body: string, headers: HeaderPairs, nowMs = Date.now()) =>
    (await scheme.sign?.(request(body, headers), [keyOf(scheme, peer.secret)], { nowMs })) ?? [];

  test.each(BODIES)('what the library signs, we accept: %.40j', async (body) => {
    expect(await outcome(body, await peer.sign(body, peer.secret, Date.now()))).toBe('right');
  });

  test.each(BODIES)('what we sign, the library accepts: %.40j', async (body) => {
    const signed = await ours(body, []);
    expect(await peer.accepts(body, peer.secret, signed)).toBe(true);
    expect(await peer.accepts(body, peer.otherSecret, signed)).toBe(false);
  });

  test('what we sign again for a redelivery, the library accepts, under the id that came', async () => {
    const [, body = ''] = BODIES;
    const longAgo = await peer.sign(body, peer.secret, Date.now() - 7 * 24 * 3600 * 1000);
    const again = redelivered(longAgo, await ours(body, longAgo));
    expect(await peer.accepts(body, peer.secret, again)).toBe(true);
    expect(valueOf(again, 'webhook-id')).toBe(valueOf(longAgo, 'webhook-id'));
    expect(valueOf(again, 'svix-id')).toBe(valueOf(longAgo, 'svix-id'));
  });

  test('an altered body, signature or key is refused by both', async () => {
    const [, body = ''] = BODIES;
    const altered = body.replace('paid', 'void');
    const theirs = await peer.sign(body, peer.secret, Date.now());
    const stranger = await peer.sign(body, `${peer.secret.slice(0, -6)}AAAAA=`, Date.now());
    const broken = theirs.map(([name, value]) => [name, value.replace(/.(?=.{4}$)/, flipped)] as const);
    for (const [text, headers] of [
      [altered, theirs],
      [body, broken],
      [body, stranger],
      [body, []],
    ] as const) {
      expect(['right', 'other']).not.toContain(await outcome(text, headers));
      expect(await Promise.resolve(peer.accepts(text, peer.secret, headers)).catch(() => false)).toBe(false);
    }
  });

  test('a request that is too old is refused by both, if its time is signed', async () => {
    if (!scheme.signsTimestamp) return;
    const [body = ''] = BODIES;
    for (const minutes of [-10, 10]) {
      const headers = await peer.sign(body, peer.secret, Date.now() + minutes * 60_000);
      expect(await outcome(body, headers)).toBe('timestamp_outside_tolerance');
    }
    const old = await ours(body, [], Date.now() - 10 * 60_000);
    expect(await peer.accepts(body, peer.secret, old)).toBe(false);
  });
});

/** Another character of the same alphabet. */
function flipped(character: string): string {
  return character === '0' ? '1' : '0';
}
