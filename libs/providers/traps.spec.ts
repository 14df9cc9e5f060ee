import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { HeaderPairs } from '#signatures';
import {
  NOW_MS,
  SECONDS,
  MILLISECONDS,
  TEXT,
  KEY_BYTES,
  HEX,
  BASE64,
  WHSEC,
  BODY,
  URL_TOLD,
  hmac,
  presetOf,
  outcome,
  standard,
  pair,
} from './conformance-traps.fixture.js';

// What is easy to get wrong about a provider, and was got wrong in code that is in use. Everything is computed here with
// node:crypto alone: the right way is accepted and the likely mistake is refused.

type Trap = readonly [
  trap: string,
  id: string,
  secret: string,
  right: HeaderPairs,
  ...wrong: readonly HeaderPairs[],
];

const base64NotHex = (id: string, header: string, prefix = ''): Trap => [
  `${prefix}base64 and not hex`,
  id,
  TEXT,
  [[header, prefix + hmac(TEXT, BODY, 'base64')]],
  [[header, prefix + hmac(TEXT, BODY, 'hex')]],
  [[header, prefix + hmac(TEXT, BODY, 'base64url')]],
];

const ENCODING: readonly Trap[] = [
  base64NotHex('shopify', 'X-Shopify-Hmac-Sha256'),
  base64NotHex('woocommerce', 'X-WC-Webhook-Signature'),
  base64NotHex('xero', 'x-xero-signature'),
  base64NotHex('line', 'x-line-signature'),
  base64NotHex('tally', 'Tally-Signature'),
  base64NotHex('docusign', 'X-DocuSign-Signature-1'),
  base64NotHex('typeform', 'Typeform-Signature', 'sha256='),
  base64NotHex('x', 'x-twitter-webhooks-signature', 'sha256='),
  base64NotHex('rutter', 'X-Rutter-Signature', 'sha256='),
  [
    'base64 of SHA-1, not the hex of an old page',
    'mongodb-atlas',
    TEXT,
    [['X-MMS-Signature', hmac(TEXT, BODY, 'base64', 'sha1')]],
    [['X-MMS-Signature', hmac(TEXT, BODY, 'hex', 'sha1')]],
  ],
  [
    'SHA-1, not SHA-256',
    'vercel',
    TEXT,
    [['x-vercel-signature', hmac(TEXT, BODY, 'hex', 'sha1')]],
    [['x-vercel-signature', hmac(TEXT, BODY)]],
  ],
  [
    'base64url without padding, and milliseconds',
    'sanity',
    TEXT,
    [
      [
        'sanity-webhook-signature',
        `t=${MILLISECONDS},v1=${hmac(TEXT, `${MILLISECONDS}.${BODY}`, 'base64url')}`,
      ],
    ],
    [['sanity-webhook-signature', `t=${MILLISECONDS},v1=${hmac(TEXT, `${MILLISECONDS}.${BODY}`, 'base64')}`]],
    [['sanity-webhook-signature', `t=${SECONDS},v1=${hmac(TEXT, `${SECONDS}.${BODY}`, 'base64url')}`]],
  ],
  [
    'base64 of the hex text, over the body between two copies of the public key',
    'solidgate',
    TEXT,
    [
      ['merchant', 'api_pk_1'],
      ['signature', Buffer.from(hmac(TEXT, `api_pk_1${BODY}api_pk_1`, 'hex', 'sha512')).toString('base64')],
    ],
    [
      ['merchant', 'api_pk_1'],
      ['signature', hmac(TEXT, `api_pk_1${BODY}api_pk_1`, 'base64', 'sha512')],
    ],
    [
      ['merchant', 'api_pk_2'],
      ['signature', Buffer.from(hmac(TEXT, `api_pk_1${BODY}api_pk_1`, 'hex', 'sha512')).toString('base64')],
    ],
  ],
  [
    'SHA-1 in X-Hub-Signature',
    'intercom',
    TEXT,
    [['X-Hub-Signature', `sha1=${hmac(TEXT, BODY, 'hex', 'sha1')}`]],
    [['X-Hub-Signature', `sha256=${hmac(TEXT, BODY)}`]],
  ],
  [
    'SHA-256 in X-Hub-Signature',
    'jira',
    TEXT,
    [['X-Hub-Signature', `sha256=${hmac(TEXT, BODY)}`]],
    [['X-Hub-Signature', `sha1=${hmac(TEXT, BODY, 'hex', 'sha1')}`]],
  ],
  [
    'SHA-256 in X-Hub-Signature',
    'fireflies',
    TEXT,
    [['X-Hub-Signature', `sha256=${hmac(TEXT, BODY)}`]],
    [['X-Hub-Signature', `sha1=${hmac(TEXT, BODY, 'hex', 'sha1')}`]],
  ],
  [
    'a comma and no equals sign after v1',
    'standard-webhooks',
    WHSEC,
    standard(KEY_BYTES),
    standard(KEY_BYTES, 'v1='),
    standard(KEY_BYTES, ''),
  ],
  [
    'upper-case hex is hex',
    'oura',
    TEXT,
    [
      ['x-oura-timestamp', SECONDS],
      ['x-oura-signature', hmac(TEXT, SECONDS + BODY).toUpperCase()],
    ],
  ],
  [
    'upper-case hex is hex',
    'bridge-api',
    TEXT,
    [['BridgeApi-Signature', `v1=${hmac(TEXT, BODY).toUpperCase()}`]],
  ],
];

const KEYS: readonly Trap[] = [
  [
    'the key is decoded from hex',
    'adyen-platform',
    HEX,
    [['HmacSignature', hmac(KEY_BYTES, BODY, 'base64')]],
    [['HmacSignature', hmac(HEX, BODY, 'base64')]],
  ],
  [
    'the key is decoded from hex',
    'close-crm',
    HEX,
    [
      ['close-sig-timestamp', SECONDS],
      ['close-sig-hash', hmac(KEY_BYTES, SECONDS + BODY)],
    ],
    [
      ['close-sig-timestamp', SECONDS],
      ['close-sig-hash', hmac(HEX, SECONDS + BODY)],
    ],
  ],
  [
    'the key is decoded from base64',
    'airtable',
    BASE64,
    [['X-Airtable-Content-MAC', `hmac-sha256=${hmac(KEY_BYTES, BODY)}`]],
    [['X-Airtable-Content-MAC', `hmac-sha256=${hmac(BASE64, BODY)}`]],
  ],
  [
    'whsec_ belongs to the key and nothing is decoded',
    'stripe',
    WHSEC,
    [['Stripe-Signature', `t=${SECONDS},v1=${hmac(WHSEC, `${SECONDS}.${BODY}`)}`]],
    [['Stripe-Signature', `t=${SECONDS},v1=${hmac(KEY_BYTES, `${SECONDS}.${BODY}`)}`]],
    [['Stripe-Signature', `t=${SECONDS},v1=${hmac(BASE64, `${SECONDS}.${BODY}`)}`]],
  ],
  ['the text of the secret is the key', 'polar', WHSEC, standard(WHSEC), standard(BASE64)],
  ['the base64 after whsec_ is decoded too', 'polar', WHSEC, standard(KEY_BYTES), standard(BASE64)],
  ['the text of the secret is the key', 'imagekit', WHSEC, standard(WHSEC), standard(KEY_BYTES)],
  [
    'the text of the client secret is the key',
    'bigcommerce',
    TEXT,
    standard(TEXT),
    standard(Buffer.from(TEXT, 'base64')),
  ],
  ['v1,whsec_ is a prefix', 'supabase', `v1,${WHSEC}`, standard(KEY_BYTES), standard(`v1,${WHSEC}`)],
  ['the base64 after whsec_ is decoded', 'openai', WHSEC, standard(KEY_BYTES), standard(WHSEC)],
  [
    'an ampersand is put behind the key',
    'fitbit',
    TEXT,
    [['X-Fitbit-Signature', hmac(`${TEXT}&`, BODY, 'base64', 'sha1')]],
    [['X-Fitbit-Signature', hmac(TEXT, BODY, 'base64', 'sha1')]],
  ],
  [
    'the secret is brought into form NFKD',
    'easypost',
    'sécret ﬁve of EasyPost',
    [['X-Hmac-Signature', `hmac-sha256-hex=${hmac('sécret ﬁve of EasyPost'.normalize('NFKD'), BODY)}`]],
    [['X-Hmac-Signature', `hmac-sha256-hex=${hmac('sécret ﬁve of EasyPost', BODY)}`]],
  ],
  [
    'the key looks like hex and is text',
    'checkbook',
    HEX,
    [['Signature', `nonce=n1,signature=${hmac(HEX, `${BODY}n1`)}`]],
    [['Signature', `nonce=n1,signature=${hmac(KEY_BYTES, `${BODY}n1`)}`]],
  ],
];

const TIMES: readonly Trap[] = [
  [
    'milliseconds',
    'workos',
    TEXT,
    [['WorkOS-Signature', `t=${MILLISECONDS}, v1=${hmac(TEXT, `${MILLISECONDS}.${BODY}`)}`]],
    [['WorkOS-Signature', `t=${SECONDS}, v1=${hmac(TEXT, `${SECONDS}.${BODY}`)}`]],
  ],
  [
    'milliseconds',
    'courier',
    TEXT,
    [['courier-signature', `t=${MILLISECONDS},signature=${hmac(TEXT, `${MILLISECONDS}.${BODY}`)}`]],
    [['courier-signature', `t=${SECONDS},signature=${hmac(TEXT, `${SECONDS}.${BODY}`)}`]],
  ],
  [
    'milliseconds, and nothing between time and body',
    'airwallex',
    TEXT,
    pair('x-timestamp', MILLISECONDS, 'x-signature', hmac(TEXT, MILLISECONDS + BODY)),
    pair('x-timestamp', MILLISECONDS, 'x-signature', hmac(TEXT, `${MILLISECONDS}.${BODY}`)),
    pair('x-timestamp', SECONDS, 'x-signature', hmac(TEXT, SECONDS + BODY)),
  ],
  [
    'milliseconds and a colon',
    'front',
    TEXT,
    pair(
      'X-Front-Request-Timestamp',
      MILLISECONDS,
      'X-Front-Signature',
      hmac(TEXT, `${MILLISECONDS}:${BODY}`, 'base64'),
    ),
    pair(
      'X-Front-Request-Timestamp',
      MILLISECONDS,
      'X-Front-Signature',
      hmac(TEXT, `${MILLISECONDS}.${BODY}`, 'base64'),
    ),
  ],
  [
    'the body first, then milliseconds',
    'retell',
    TEXT,
    [['X-Retell-Signature', `v=${MILLISECONDS},d=${hmac(TEXT, BODY + MILLISECONDS)}`]],
    [['X-Retell-Signature', `v=${MILLISECONDS},d=${hmac(TEXT, MILLISECONDS + BODY)}`]],
  ],
  [
    'the body first, then milliseconds',
    'zerohash',
    TEXT,
    pair('x-zh-hook-timestamp', MILLISECONDS, 'x-zh-hook-signature', hmac(TEXT, BODY + MILLISECONDS)),
    pair('x-zh-hook-timestamp', MILLISECONDS, 'x-zh-hook-signature', hmac(TEXT, MILLISECONDS + BODY)),
  ],
  [
    'the body and milliseconds, not the body alone as older versions do',
    'ghost',
    TEXT,
    [['X-Ghost-Signature', `sha256=${hmac(TEXT, BODY + MILLISECONDS)}, t=${MILLISECONDS}`]],
    [['X-Ghost-Signature', `sha256=${hmac(TEXT, BODY)}, t=${MILLISECONDS}`]],
  ],
  [
    'the time as it is written, and base64 of the text secret',
    'zendesk',
    TEXT,
    pair(
      'X-Zendesk-Webhook-Signature-Timestamp',
      '2026-11-22T12:00:00Z',
      'X-Zendesk-Webhook-Signature',
      hmac(TEXT, `2026-11-22T12:00:00Z${BODY}`, 'base64'),
    ),
    pair(
      'X-Zendesk-Webhook-Signature-Timestamp',
      '2026-11-22T12:00:00Z',
      'X-Zendesk-Webhook-Signature',
      hmac(TEXT, SECONDS + BODY, 'base64'),
    ),
  ],
  [
    'a time with a zone, behind the body',
    'box',
    TEXT,
    pair(
      'BOX-DELIVERY-TIMESTAMP',
      '2026-11-22T04:00:00-08:00',
      'BOX-SIGNATURE-PRIMARY',
      hmac(TEXT, `${BODY}2026-11-22T04:00:00-08:00`, 'base64'),
    ),
    pair(
      'BOX-DELIVERY-TIMESTAMP',
      '2026-11-22T04:00:00-08:00',
      'BOX-SIGNATURE-PRIMARY',
      hmac(TEXT, `2026-11-22T04:00:00-08:00${BODY}`, 'base64'),
    ),
  ],
  [
    'a time without a zone is UTC',
    'orb',
    TEXT,
    pair(
      'X-Orb-Timestamp',
      '2026-11-22T12:00:00.123',
      'X-Orb-Signature',
      `v1=${hmac(TEXT, `v1:2026-11-22T12:00:00.123:${BODY}`)}`,
    ),
    pair(
      'X-Orb-Timestamp',
      '2026-11-22T04:00:00',
      'X-Orb-Signature',
      `v1=${hmac(TEXT, `v1:2026-11-22T04:00:00:${BODY}`)}`,
    ),
  ],
];

const CONTENT: readonly Trap[] = [
  [
    'hmacsha256= is signed, not sent',
    'linkedin',
    TEXT,
    [['X-LI-Signature', hmac(TEXT, `hmacsha256=${BODY}`)]],
    [['X-LI-Signature', hmac(TEXT, BODY)]],
    [['X-LI-Signature', `hmacsha256=${hmac(TEXT, BODY)}`]],
  ],
  [
    'the hex SHA-256 of the body is signed',
    'tebex',
    TEXT,
    [['X-Signature', hmac(TEXT, createHash('sha256').update(BODY).digest('hex'))]],
    [['X-Signature', hmac(TEXT, BODY)]],
  ],
  [
    'v0: is signed, not sent',
    'customerio',
    TEXT,
    pair('X-CIO-Timestamp', SECONDS, 'X-CIO-Signature', hmac(TEXT, `v0:${SECONDS}:${BODY}`)),
    pair('X-CIO-Timestamp', SECONDS, 'X-CIO-Signature', `v0=${hmac(TEXT, `v0:${SECONDS}:${BODY}`)}`),
  ],
  [
    'a comma stands behind the time',
    'convoy',
    TEXT,
    [['X-Convoy-Signature', `t=${SECONDS},v1=${hmac(TEXT, `${SECONDS},${BODY}`)}`]],
    [['X-Convoy-Signature', `t=${SECONDS},v1=${hmac(TEXT, `${SECONDS}.${BODY}`)}`]],
  ],
  [
    'v0, not v1 or Standard Webhooks',
    'elevenlabs',
    TEXT,
    [['ElevenLabs-Signature', `t=${SECONDS},v0=${hmac(TEXT, `${SECONDS}.${BODY}`)}`]],
    [['ElevenLabs-Signature', `t=${SECONDS},v1=${hmac(TEXT, `${SECONDS}.${BODY}`)}`]],
  ],
  [
    'the headers are webhook-…',
    'anthropic',
    WHSEC,
    standard(KEY_BYTES),
    [['X-Webhook-Signature', hmac(WHSEC, BODY)]],
  ],
  [
    'the exact URL stands in front of the body',
    'square',
    TEXT,
    [['x-square-hmacsha256-signature', hmac(TEXT, URL_TOLD + BODY, 'base64')]],
    [['x-square-hmacsha256-signature', hmac(TEXT, `${URL_TOLD}/${BODY}`, 'base64')]],
    [['x-square-hmacsha256-signature', hmac(TEXT, BODY, 'base64')]],
  ],
  [
    'the exact URL stands behind the body',
    'trello',
    TEXT,
    [['X-Trello-Webhook', hmac(TEXT, BODY + URL_TOLD, 'base64', 'sha1')]],
    [['X-Trello-Webhook', hmac(TEXT, URL_TOLD + BODY, 'base64', 'sha1')]],
  ],
];

describe.each([
  ['encoding and prefix', ENCODING],
  ['decoding of the key', KEYS],
  ['time', TIMES],
  ['what is signed', CONTENT],
])('the traps of %s', (_title, traps) => {
  test.each(traps.map((trap) => [trap[1], trap[0], trap] as const))('%s: %s', async (_id, _trap, trap) => {
    const [, id, secret, right, ...wrong] = trap;
    expect(await outcome(id, secret, right)).toBe('accepted');
    for (const headers of wrong) expect(await outcome(id, secret, headers)).not.toBe('accepted');
  });
});

describe('the traps of time', () => {
  test.each([
    ['linear', 60],
    ['calendly', 180],
    ['workos', 180],
    ['stripe', 300],
    ['twitch', 600],
    ['box', 600],
    ['elevenlabs', 1800],
    ['recharge', 172_800],
  ])('%s has a tolerance of %d s', (id, seconds) => {
    expect(presetOf(id).scheme.defaultToleranceSeconds).toBe(seconds);
  });

  test.each(['nmi', 'checkbook', 'sentry'])('%s: what looks like a time is none', (id) => {
    expect(presetOf(id).scheme).toMatchObject({ signsTimestamp: false, defaultToleranceSeconds: null });
  });

  test('nmi: t is a nonce that is signed', async () => {
    const value = (nonce: string) =>
      [['Webhook-Signature', `t=${nonce},s=${hmac(TEXT, `abc.${BODY}`)}`]] as const;
    expect(await outcome('nmi', TEXT, value('abc'))).toBe('accepted');
    expect(await outcome('nmi', TEXT, value('abd'))).toBe('signature_mismatch');
  });

  test('sentry: sentry-hook-timestamp is not signed, so it is not believed either', async () => {
    const headers = (time: string): HeaderPairs => [
      ['sentry-hook-timestamp', time],
      ['sentry-hook-signature', hmac(TEXT, BODY)],
    ];
    expect(await outcome('sentry', TEXT, headers('1'))).toBe('accepted');
  });

  test.each([SECONDS, MILLISECONDS])(
    'mercado-pago: seconds and milliseconds are both seen (%s)',
    async (ts) => {
      const signature = hmac(TEXT, `id:ord01abc;request-id:r1;ts:${ts};`);
      const headers: HeaderPairs = [
        ['x-request-id', 'r1'],
        ['x-signature', `ts=${ts},v1=${signature}`],
      ];
      const url = 'https://inbox.example/in/acme/mp?data.id=ORD01ABC';
      expect(await outcome('mercado-pago', TEXT, headers, { url })).toBe('accepted');
      expect(await outcome('mercado-pago', TEXT, headers, { url: url.replace('ABC', 'ABD') })).toBe(
        'signature_mismatch',
      );
    },
  );

  test('linear: the time is in the body, and Linear-Timestamp is not looked at', async () => {
    const body = Buffer.from(`{"webhookTimestamp":${MILLISECONDS}}`);
    const headers: HeaderPairs = [
      ['Linear-Signature', hmac(TEXT, body)],
      ['Linear-Timestamp', '1'],
    ];
    expect(await outcome('linear', TEXT, headers, { body })).toBe('accepted');
    expect(await outcome('linear', TEXT, headers, { body, nowMs: NOW_MS + 61_000 })).toBe(
      'timestamp_outside_tolerance',
    );
  });
});

describe('the traps of rotation', () => {
  const good = hmac(TEXT, `${SECONDS}:${BODY}`);
  const bad = hmac('another', `${SECONDS}:${BODY}`);

  test.each([`h1=${good};h1=${bad}`, `h1=${bad};h1=${good}`])(
    'paddle: any h1 counts, not only the last',
    async (signatures) => {
      expect(await outcome('paddle', TEXT, [['Paddle-Signature', `ts=${SECONDS};${signatures}`]])).toBe(
        'accepted',
      );
    },
  );

  test('stripe: a v0 signature proves nothing', async () => {
    const value = `t=${SECONDS},v0=${hmac(WHSEC, `${SECONDS}.${BODY}`)}`;
    expect(await outcome('stripe', WHSEC, [['Stripe-Signature', value]])).toBe('signature_malformed');
  });
});

describe('the traps of the body', () => {
  test.each([
    ['meta', 'X-Hub-Signature-256', 'sha256=', '{"a":"\\u00e9\\/"}'],
    ['easypost', 'X-Hmac-Signature', 'hmac-sha256-hex=', '{"weight":614.0}'],
    ['gocardless', 'Webhook-Signature', '', '{"events":[ {"id":"EV1"},{"id":"EV2"} ]}'],
    ['github', 'X-Hub-Signature-256', 'sha256=', '{"b":1,"a":2}\r\n'],
  ])('%s: only the raw bytes verify, not the JSON written again', async (id, header, prefix, text) => {
    const headers: HeaderPairs = [[header, prefix + hmac(TEXT, text)]];
    const again = Buffer.from(JSON.stringify(JSON.parse(text)));
    expect(await outcome(id, TEXT, headers, { body: Buffer.from(text) })).toBe('accepted');
    expect(await outcome(id, TEXT, headers, { body: again })).toBe('signature_mismatch');
  });

  test('nylas: the compressed bytes are signed', async () => {
    const compressed = gzipSync(BODY);
    const headers: HeaderPairs = [
      ['Content-Encoding', 'gzip'],
      ['X-Nylas-Signature', hmac(TEXT, compressed)],
    ];
    expect(await outcome('nylas', TEXT, headers, { body: compressed })).toBe('accepted');
    expect(await outcome('nylas', TEXT, headers)).toBe('signature_mismatch');
  });

  test.each(['moov', 'mercado-pago', 'mailgun', 'plivo', 'google-pubsub'])(
    '%s: the body is not signed, and it is said',
    (id) => {
      expect(presetOf(id).uncovered).toMatch(/body/i);
    },
  );
});

describe('the traps of several modes', () => {
  test.each([
    ['gitlab', 'gitlab-token'],
    ['buildkite', 'buildkite-token'],
  ])('%s and %s are two presets, and neither takes what the other proves', (signed, token) => {
    expect(presetOf(signed).scheme.secretUse).toBe('compute');
    expect(presetOf(token).scheme.secretUse).toBe('compare');
  });

  test('gitlab: an old token on the same request does not make up for a missing signature', async () => {
    expect(await outcome('gitlab', WHSEC, [['X-Gitlab-Token', WHSEC]])).toBe('signature_missing');
    expect(await outcome('gitlab', WHSEC, [...standard(KEY_BYTES), ['X-Gitlab-Token', 'whatever']])).toBe(
      'accepted',
    );
  });
});
