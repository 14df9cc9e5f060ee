import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { aRequest, aSecret, diagnosed, factsOf, NOW_MS, TOLD } from './facts.fixture.js';

const NOW_S = NOW_MS / 1_000;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const DOCUMENT = {
  id: 'evt_1',
  amount: 10,
  rate: 1.5,
  url: 'https://example.com/a/b',
  note: 'naïve <b>&',
  items: [1, { a: true }],
};
const COMPACT = JSON.stringify(DOCUMENT);
const INDENTED = JSON.stringify(DOCUMENT, null, 2);

const callbox = factsOf({ provider: 'callbox', secrets: [aSecret(SECRET)] });
const slack = factsOf({ provider: 'slack', secrets: [aSecret(SECRET)] });
const signature = (body: string | Buffer, key: string | Buffer = SECRET) =>
  createHmac('sha256', key).update(body).digest('hex');
const signed = (body: string | Buffer) => [['Callbox-Signature', signature(body)]] as const;
const slackHeaders = (body: string, time: string = String(NOW_S), name = 'X-Slack-Signature') =>
  [
    ['X-Slack-Request-Timestamp', time],
    [name, `v0=${signature(`v0:${time}:${body}`)}`],
  ] as const;
const containing = (text: string) => expect.stringContaining(text) as string;
const as = (code: string, cause: string) => ({ code, cause: containing(cause) });

const spaced = (text: string) => text.replace(/(?<=["\d\]}e]),|(?<="):/g, (one) => `${one} `);
const SORTED = JSON.stringify({
  amount: 10,
  id: 'evt_1',
  items: [1, { a: true }],
  note: 'naïve <b>&',
  rate: 1.5,
  url: 'https://example.com/a/b',
});

const upperEscapes = (text: string) =>
  text.replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );

describe('a body that was written anew is found, as it was', () => {
  test.each([
    [
      'by .NET',
      upperEscapes(COMPACT).replace(
        /[<>&]/g,
        (one) => `\\u00${one.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
      '.NET',
    ],
    ['with upper-case escapes', upperEscapes(COMPACT), 'upper-case \\u escapes'],
    [
      'by PHP, pretty',
      JSON.stringify(DOCUMENT, null, 4).replaceAll('/', '\\/').replaceAll('ï', '\\u00ef'),
      'JSON_PRETTY_PRINT',
    ],
    [
      'by Python, with a newline',
      `${spaced(COMPACT).replaceAll('ï', '\\u00ef')}\n`,
      'json.dumps does, with a newline',
    ],
    ['by Python, indented', INDENTED.replaceAll('ï', '\\u00ef'), 'indented by 2 spaces and with \\u escapes'],
    [
      'by Go, indented',
      INDENTED.replace(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`),
      'Go’s json.MarshalIndent',
    ],
    ['with sorted keys and spaces', spaced(SORTED), 'sorted keys and spaces, but'],
    ['indented on Windows', INDENTED.replaceAll('\n', '\r\n'), 'CRLF line breaks'],
    ['with one number as 10.0', COMPACT.replace(':10,', ':10.0,'), '10.0 for the number 10'],
    ['with one number as 1.50', COMPACT.replace(':1.5,', ':1.50,'), '1.50 for the number 1.5'],
    [
      'with all numbers as 10.00',
      COMPACT.replace(':10,', ':10.00,').replace(':1.5,', ':1.50,').replace('[1,', '[1.00,'),
      'two decimals',
    ],
  ])('%s', async (_how, before, cause) => {
    expect(await diagnosed(callbox, aRequest(COMPACT, signed(before)))).toMatchObject(
      as('body_reserialized', cause),
    );
  });

  test('as a form where JSON came, and as JSON where a form came', async () => {
    const [form, json] = ['a=1&b=x+y', '{"a":"1","b":"x y"}'];
    expect(await diagnosed(callbox, aRequest(json, signed(form)))).toMatchObject(
      as('body_reserialized', 'as a form'),
    );
    expect(await diagnosed(callbox, aRequest(form, signed(json)))).toMatchObject(
      as('body_reserialized', 'as JSON'),
    );
  });

  test('with the escapes of its form in the other case', async () => {
    expect(await diagnosed(callbox, aRequest('a=%C3%A9', signed('a=%c3%a9')))).toMatchObject(
      as('body_reserialized', 'form fields'),
    );
  });

  test('in base64, or compressed; not where it would become too large', async () => {
    expect(
      await diagnosed(callbox, aRequest(Buffer.from(COMPACT).toString('base64'), signed(COMPACT))),
    ).toMatchObject(as('body_reserialized', 'base64'));
    const given: number[] = [];
    const facts = {
      ...callbox,
      decompressed: (body: Buffer, _encoding: string, mostBytes: number) => {
        given.push(mostBytes);
        return gunzipSync(body);
      },
    };
    expect(await diagnosed(facts, aRequest(gzipSync(COMPACT), signed(COMPACT)))).toMatchObject(
      as('body_reserialized', 'gzip'),
    );
    expect(Math.max(...given)).toBeLessThanOrEqual(65_536);
    const cannot = { ...callbox, decompressed: () => null };
    expect(await diagnosed(cannot, aRequest(gzipSync(COMPACT), signed(COMPACT)))).toMatchObject({
      code: 'unknown',
    });
  });
});

describe('a key made of the secret with a stray character is found', () => {
  test.each([
    ['a space in front', ` ${SECRET}`],
    ['a tab at its end', `${SECRET}\t`],
    ['single quotation marks', `'${SECRET}'`],
  ])('%s', async (_what, key) => {
    const request = aRequest(COMPACT, [['Callbox-Signature', signature(COMPACT, key)]]);
    expect(await diagnosed(callbox, request)).toMatchObject({ code: 'wrong_encoding' });
  });
});

describe('a signature in another spelling is found, and what is told differs from what is expected', () => {
  const github = factsOf({ provider: 'github', secrets: [aSecret(SECRET)] });
  const stripe = factsOf({ provider: 'stripe', secrets: [aSecret(SECRET)] });
  const right = signature(COMPACT);
  const timed = `v1=${signature(`${NOW_S}.${COMPACT}`)}`;
  test.each([
    [github, 'X-Hub-Signature-256', `sha256=sha256=${right}`, 'it is sha256=sha256=<32 bytes as hex>'],
    [github, 'X-Hub-Signature-256', `sha256=${right.toUpperCase()}`, '<32 bytes as upper-case hex>'],
    [github, 'X-Hub-Signature-256', Buffer.from(right, 'hex').toString('base64').replace('=', ''), 'base64'],
    [stripe, 'Stripe-Signature', `t=${NOW_S},sha256=${timed}`, 'sha256=v1=<32 bytes as hex>'],
    [stripe, 'Stripe-Signature', `"t=${NOW_S},${timed}"`, '"t='],
    [stripe, 'Stripe-Signature', `t=${NOW_S};${timed}`, ';v1=<32 bytes as hex>'],
  ])('%#', async (facts, name, value, found) => {
    const { code, cause } = await diagnosed(facts, aRequest(COMPACT, [[name, value]]));
    expect([code, cause]).toEqual(['wrong_encoding', containing(found.replace('it is ', ''))]);
    const [, is, expected] = / is (.*), expected is (.*)$/.exec(cause) ?? [];
    expect(is).not.toBe(expected);
  });

  test('by a private key, too', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
    const discord = factsOf({ provider: 'discord', secrets: [aSecret(raw)] });
    const value = sign(null, Buffer.from(`${NOW_S}${COMPACT}`), privateKey).toString('base64');
    const request = aRequest(COMPACT, [
      ['X-Signature-Ed25519', value],
      ['X-Signature-Timestamp', String(NOW_S)],
    ]);
    expect(await diagnosed(discord, request)).toMatchObject(as('wrong_encoding', '64 bytes as base64'));
  });

  test('by a private key as a bare pair of numbers instead of DER', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const sendgrid = factsOf({ provider: 'sendgrid', secrets: [aSecret(key)] });
    const value = sign('sha256', Buffer.from(`${NOW_S}${COMPACT}`), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    const request = aRequest(COMPACT, [
      ['X-Twilio-Email-Event-Webhook-Signature', value.toString('hex')],
      ['X-Twilio-Email-Event-Webhook-Timestamp', String(NOW_S)],
    ]);
    expect(await diagnosed(sendgrid, request)).toMatchObject(as('wrong_encoding', '64 bytes as hex'));
  });
});

describe('a time that is written in another way is told to be that, and not a wrong signature', () => {
  test.each(['2026-09-21T14:13:20Z', `${NOW_S}.5`])('%s', async (time) => {
    expect(await diagnosed(slack, aRequest(COMPACT, slackHeaders(COMPACT, time)))).toMatchObject(
      as('wrong_encoding', 'its time is written in another way: X-Slack-Request-Timestamp is'),
    );
  });

  test('also where the signature is wrong besides', async () => {
    const request = aRequest(COMPACT, [
      ['X-Slack-Request-Timestamp', 'yesterday'],
      ['X-Slack-Signature', `v0=${'ab'.repeat(32)}`],
    ]);
    expect(await diagnosed(slack, request)).toMatchObject(
      as('unknown', 'X-Slack-Request-Timestamp is not written'),
    );
  });

  test('milliseconds are told from seconds', async () => {
    expect(await diagnosed(slack, aRequest(COMPACT, slackHeaders(COMPACT, String(NOW_MS))))).toMatchObject(
      as('clock_skew', 'in milliseconds; seconds are expected'),
    );
  });
});

test('a signature in a header of another name is found beside the time that belongs to it', async () => {
  const headers = slackHeaders(COMPACT, String(NOW_S), 'X-Webhook-Signature');
  expect(await diagnosed(slack, aRequest(COMPACT, headers))).toMatchObject(
    as('wrong_header', 'stands in X-Webhook-Signature'),
  );
});

describe('of the secrets of other sources', () => {
  const other = (text: string, fields: object = {}) =>
    aSecret(text, { id: text, label: 'Theirs', standing: 'other_source', sourceSlug: 'shop', ...fields });
  const request = (key: string) => aRequest(COMPACT, [['Callbox-Signature', signature(COMPACT, key)]]);
  const withOthers = (...others: ReturnType<typeof aSecret>[]) =>
    factsOf({ provider: 'callbox', secrets: [aSecret(SECRET), ...others] });

  test('one that is active here as well is not told to be another one', async () => {
    const facts = withOthers(other(SECRET, { id: 'theirs' }));
    expect(await diagnosed(facts, aRequest(INDENTED, signed(COMPACT)))).toMatchObject({
      code: 'body_reserialized',
    });
  });

  test('nor the key of an account that signed a token about another body', async () => {
    const text = 'sig_0123456789abcdefghijklmnop';
    const secrets = [aSecret(text), other(text, { id: 'theirs' })];
    const qstash = factsOf({ provider: 'qstash', secrets });
    const token = tokenOf(text, { sub: TOLD, body: 'another body' });
    expect(await diagnosed(qstash, aRequest(COMPACT, [['Upstash-Signature', token]]))).toMatchObject({
      code: 'body_changed',
    });
  });

  test('a hundred are tried, the likeliest first', async () => {
    const many = Array.from({ length: 120 }, (_, index) => other(`secret-of-another-source-${index}`));
    const facts = withOthers(...many);
    for (const index of [0, 100])
      expect(await diagnosed(facts, request(`secret-of-another-source-${index}`))).toMatchObject(
        as('other_secret', '“Theirs” of the source shop'),
      );
  });

  test('nobody is sent to a source that is gone, or to one where the secret has expired', async () => {
    const gone = await diagnosed(
      withOthers(other('theirs-1', { isSourceDeleted: true })),
      request('theirs-1'),
    );
    expect(gone).toMatchObject(as('other_secret', 'shop, which has been deleted'));
    const late = await diagnosed(
      withOthers(other('theirs-2', { expiresAtMs: NOW_MS - 1 })),
      request('theirs-2'),
    );
    expect(late).toMatchObject(as('other_secret', 'shop, which has expired'));
    expect([gone.fix, late.fix].filter((fix) => fix.includes('ingest URL'))).toEqual([]);
  });
});

describe('where the tenant has many secrets', () => {
  const many = (text: (index: number) => string) =>
    Array.from({ length: 110 }, (_, index) =>
      aSecret(text(index), {
        id: `theirs-${index}`,
        label: 'Theirs',
        standing: 'other_source',
        sourceSlug: 'shop',
      }),
    );
  const old = (text: string) =>
    aSecret(text, { id: 'old', label: 'Old', standing: 'expired', expiresAtMs: NOW_MS - 1 });

  test('trying them leaves room for the mistakes with a signature by a private key', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
    const others = many((index) => createHash('sha256').update(String(index)).digest('hex'));
    const discord = factsOf({ provider: 'discord', secrets: [aSecret(raw), ...others] });
    for (const [before, after] of [
      [COMPACT, `${COMPACT}\n`],
      [COMPACT, INDENTED],
      [spaced(COMPACT), COMPACT],
    ] as const) {
      const value = sign(null, Buffer.from(`${NOW_S}${before}`), privateKey).toString('hex');
      const request = aRequest(after, [
        ['X-Signature-Ed25519', value],
        ['X-Signature-Timestamp', String(NOW_S)],
      ]);
      expect(await diagnosed(discord, request)).toMatchObject({ code: 'body_reserialized' });
    }
  });

  test('an expired one is found beside a body that was written anew', async () => {
    const secrets = [
      aSecret(SECRET),
      old('secret-that-has-expired'),
      ...many((index) => `of-another-source-${index}`),
    ];
    const request = aRequest(INDENTED, [
      ['Callbox-Signature', signature(COMPACT, 'secret-that-has-expired')],
    ]);
    expect(await diagnosed(factsOf({ provider: 'callbox', secrets }), request)).toMatchObject(
      as('other_secret', '“Old” of this source, which expired'),
    );
  });

  test('a spelling of the body is found where the URL is signed along', async () => {
    const secrets = [aSecret(SECRET), ...many((index) => `of-another-source-${index}`)];
    const square = factsOf({ provider: 'square', secrets });
    const document = { items: Array.from({ length: 8 }, () => DOCUMENT) };
    const before = JSON.stringify(document, null, '\t');
    const value = createHmac('sha256', SECRET)
      .update(TOLD + before)
      .digest('base64');
    const request = aRequest(JSON.stringify(document), [
      ['Host', 'inside.example'],
      ['X-Forwarded-Host', 'hooks.shop.example'],
      ['x-square-hmacsha256-signature', value],
    ]);
    expect(await diagnosed(square, request)).toMatchObject(as('body_reserialized', 'by tabs'));
  });

  test('what is wrong with an expired one is told as that, and not as a form of its key', async () => {
    const expired = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const facts = factsOf({ provider: 'standard-webhooks', secrets: [aSecret(SECRET), old(expired)] });
    const withKey = (key: string | Buffer) =>
      aRequest(INDENTED, [
        ['webhook-id', 'msg_1'],
        ['webhook-timestamp', String(NOW_S)],
        [
          'webhook-signature',
          `v1,${createHmac('sha256', key).update(`msg_1.${NOW_S}.${COMPACT}`).digest('base64')}`,
        ],
      ]);
    const right = await diagnosed(facts, withKey(Buffer.alloc(32, 9)));
    expect(right).toMatchObject(as('other_secret', '“Old” of this source, which expired'));
    expect(right.cause).not.toContain('base64');
    const undecoded = await diagnosed(facts, withKey(expired));
    expect(undecoded).toMatchObject(as('other_secret', 'which expired'));
    expect(undecoded.cause).toContain('prefix included and not decoded');
  });
});

test('of several headers that are missing, all are named', async () => {
  const facts = factsOf({ provider: 'standard-webhooks', secrets: [aSecret(SECRET)] });
  expect(await diagnosed(facts, aRequest(COMPACT, [['webhook-id', 'msg_1']]))).toMatchObject({
    cause: 'Only a part of the signature came: webhook-signature and webhook-timestamp are missing',
  });
});

describe('a URL that was told otherwise is found', () => {
  const square = factsOf({ provider: 'square', secrets: [aSecret(SECRET)] });
  test.each([
    [
      'the name a proxy has been called by',
      `https://hooks.shop.example/in/acme/orders`,
      TOLD.replace('https://hooks.example.com', 'http://localhost:8080'),
    ],
    ['parameters in another order', `${TOLD}?a=1&b=2`, `${TOLD}?b=2&a=1`],
    ['other escapes', `${TOLD}?a=x%20y`, `${TOLD}?a=x+y`],
    ['its path alone', '/in/acme/orders', TOLD],
  ])('%s', async (_what, claimed, told) => {
    const value = createHmac('sha256', SECRET)
      .update(claimed + COMPACT)
      .digest('base64');
    const headers = [
      ['x-square-hmacsha256-signature', value],
      ['X-Forwarded-Host', 'hooks.shop.example'],
    ] as const;
    expect(await diagnosed(square, aRequest(COMPACT, headers, told))).toMatchObject(
      as('url_mismatch', `for the URL ${claimed}, expected is ${told}`),
    );
  });
});

describe('of a body that is too long to be verified again', () => {
  const huge = JSON.stringify({ a: 'x'.repeat(4_000_000) });
  test('the time is told all the same', async () => {
    const old = String(NOW_S - 1_000);
    expect(await diagnosed(slack, aRequest(huge, slackHeaders(huge, old)))).toMatchObject(
      as('clock_skew', 'made 1000 seconds before'),
    );
    expect(await diagnosed(slack, aRequest(huge, slackHeaders(huge, String(NOW_MS))))).toMatchObject(
      as('clock_skew', 'in milliseconds'),
    );
  });
  test('the URL in its token is told', async () => {
    const text = 'sig_0123456789abcdefghijklmnop';
    const qstash = factsOf({ provider: 'qstash', secrets: [aSecret(text)] });
    const token = tokenOf(text, { sub: TOLD.replace('https', 'http'), body: huge });
    expect(await diagnosed(qstash, aRequest(huge, [['Upstash-Signature', token]]))).toMatchObject(
      as('url_mismatch', 'different: scheme'),
    );
  });
  test('nothing is said to have been tried that was not', async () => {
    const { cause } = await diagnosed(callbox, aRequest(huge, signed('something else')));
    expect(cause).toContain('that there was time to try');
  });
});

test('what nobody has proven is not said to be genuine', async () => {
  const paypal = factsOf({ provider: 'paypal', secrets: [aSecret('8PT597110X687430LKGECATA')] });
  const request = aRequest(COMPACT, [
    ['paypal-transmission-id', 'a'],
    ['paypal-transmission-time', new Date(NOW_MS).toISOString()],
    ['paypal-transmission-sig', Buffer.alloc(256, 1).toString('base64')],
    ['paypal-cert-url', 'https://evil.example/cert'],
    ['paypal-auth-algo', 'SHA256withRSA'],
  ]);
  const { code, cause } = await diagnosed(paypal, request);
  expect(code).toBe('claim_mismatch');
  expect(cause).not.toContain('genuine');
});

test('of an empty body it is told that it is empty', async () => {
  expect(await diagnosed(callbox, aRequest('', signed(COMPACT)))).toMatchObject(
    as('unknown', 'the body is empty'),
  );
});

function tokenOf(key: string, { sub, body }: { readonly sub: string; readonly body: string }): string {
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = {
    iss: 'Upstash',
    sub,
    exp: NOW_S + 300,
    nbf: NOW_S,
    iat: NOW_S,
    body: `${createHash('sha256').update(body).digest('base64url')}=`,
  };
  const content = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}
