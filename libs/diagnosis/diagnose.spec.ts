import { createHash, createHmac } from 'node:crypto';
import { join } from 'node:path';
import Stripe from 'stripe';
import { Webhook } from 'svix';
import twilio from 'twilio';
import { aRequest, aSecret, diagnosed, factsOf, NOW_MS, TOLD } from './facts.fixture.js';

/** The package names no file for what is not an ES module. */
const { sign: octokitSign } = jest.requireActual<typeof import('@octokit/webhooks-methods')>(
  join(process.cwd(), 'node_modules/@octokit/webhooks-methods/dist-node/index.js'),
);

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const NOW_S = Math.floor(NOW_MS / 1_000);
const DOCUMENT = { id: 'evt_1', items: [1, 2.5], note: 'naïve <b>/path</b>', z: null, a: { b: true } };
const COMPACT = JSON.stringify(DOCUMENT);

type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512' | 'md5';
const mac = (key: string | Buffer, text: string | Buffer, algorithm: Hash = 'sha256') =>
  createHmac(algorithm, key).update(text);

const callbox = factsOf({ provider: 'callbox', secrets: [aSecret(SECRET)] });
const byCallbox = (signed: string | Buffer, sent: string | Buffer, key: string | Buffer = SECRET) =>
  diagnosed(callbox, aRequest(sent, [['Callbox-Signature', mac(key, signed).digest('hex')]]));

describe('a body that was changed on its way', () => {
  test.each([
    ['compact, received indented', COMPACT, JSON.stringify(DOCUMENT, null, 2)],
    ['indented, received compact', JSON.stringify(DOCUMENT, null, 2), COMPACT],
    ['indented by four, received compact', JSON.stringify(DOCUMENT, null, 4), COMPACT],
    ['of Python’s, received compact', '{"a": "na\\u00efve", "b": [1, 2]}', '{"a":"naïve","b":[1,2]}'],
    ['with sorted keys', '{"a":1,"b":2}', '{"b":2,"a":1}'],
    ['of PHP’s', '{"u":"https:\\/\\/x.example\\/\\u00e9"}', '{"u":"https://x.example/é"}'],
    ['of Go’s', '{"u":"\\u003cb\\u003e"}', '{"u":"<b>"}'],
    [
      'with numbers that JavaScript writes otherwise',
      '{"a": 1.0, "b": 12345678901234567890}',
      '{"a":1.0,"b":12345678901234567890}',
    ],
  ])('%s, is body_reserialized', async (_what, signed, sent) => {
    expect(await byCallbox(signed, sent)).toMatchObject({
      reason: 'signature_mismatch',
      code: 'body_reserialized',
      cause: expect.stringContaining('The signature fits the body') as string,
      fix: expect.stringContaining('raw bytes') as string,
    });
  });

  test.each([
    ['a newline more', COMPACT, `${COMPACT}\n`, /trailing newline was added/],
    ['a newline less', `${COMPACT}\n`, COMPACT, /trailing newline was lost/],
    ['CRLF for LF', '{\n"a":1}\n', '{\r\n"a":1}\r\n', /CRLF/],
    ['a byte order mark', COMPACT, `\uFEFF${COMPACT}`, /byte order mark/],
    ['text that is no JSON', 'a\nb', 'a\r\nb', /LF/],
    ['another character set', Buffer.from('{"a":"é"}', 'latin1'), '{"a":"é"}', /Latin-1/],
    ['content that was not signed', '', COMPACT, /empty body/],
  ])('by %s is body_reserialized, and its cause says so', async (_what, signed, sent, cause) => {
    expect(await byCallbox(signed, sent)).toMatchObject({
      code: 'body_reserialized',
      cause: expect.stringMatching(cause) as string,
    });
  });
});

describe('another secret', () => {
  const other = aSecret('secret-of-the-other-source', {
    id: 'o',
    label: 'Shop EU',
    standing: 'other_source',
    sourceSlug: 'shop',
  });
  const expired = aSecret('secret-that-has-expired', {
    id: 'e',
    label: 'Old',
    standing: 'expired',
    expiresAtMs: NOW_MS - 1,
  });
  const facts = factsOf({ provider: 'callbox', secrets: [aSecret(SECRET), expired, other] });
  const signedWith = (key: string, signed = COMPACT) =>
    diagnosed(facts, aRequest(COMPACT, [['Callbox-Signature', mac(key, signed).digest('hex')]]));

  test('of another source is named by its label and source, and its text is not told', async () => {
    const diagnosis = await signedWith(other.plainSecret ?? '');
    expect(diagnosis.code).toBe('other_secret');
    expect(diagnosis.cause).toContain('“Shop EU” of the source shop');
    expect(JSON.stringify(diagnosis)).not.toContain(other.plainSecret);
  });

  test('that has expired is named with its time', async () => {
    const diagnosis = await signedWith(expired.plainSecret ?? '');
    expect(diagnosis.code).toBe('other_secret');
    expect(diagnosis.cause).toContain(
      `“Old” of this source, which expired on ${new Date(NOW_MS - 1).toISOString()}`,
    );
  });

  test('is found where the body was serialised again, too', async () => {
    const diagnosis = await signedWith(other.plainSecret ?? '', JSON.stringify(DOCUMENT, null, 2));
    expect(diagnosis).toMatchObject({
      code: 'other_secret',
      cause: expect.stringContaining('indented by 2') as string,
    });
  });

  test('that nobody has stays unknown', async () => {
    expect(await signedWith('somebody-elses-secret')).toMatchObject({ code: 'unknown' });
  });

  test('that has expired is found by a source without any active one', async () => {
    const none = factsOf({ provider: 'callbox', secrets: [expired] });
    const request = aRequest(COMPACT, [
      ['Callbox-Signature', mac('secret-that-has-expired', COMPACT).digest('hex')],
    ]);
    expect(await diagnosed(none, request)).toMatchObject({ reason: 'no_secret', code: 'other_secret' });
    expect(await diagnosed(none, aRequest(COMPACT))).toMatchObject({
      reason: 'no_secret',
      code: 'no_secret',
    });
  });
});

describe('a signature in another spelling is wrong_encoding:', () => {
  const digest = mac(SECRET, COMPACT).digest();
  test.each([
    ['base64 instead of hex', digest.toString('base64')],
    ['base64url', digest.toString('base64url')],
    ['upper case', digest.toString('hex').toUpperCase()],
    ['a prefix', `sha256=${digest.toString('hex')}`],
    ['a time and a version', `t=${NOW_S},v1=${digest.toString('hex')}`],
    ['base64 of the hex digits', Buffer.from(digest.toString('hex')).toString('base64')],
    ['quotation marks', `"${digest.toString('hex')}"`],
  ])('%s', async (_what, value) => {
    expect(await diagnosed(callbox, aRequest(COMPACT, [['Callbox-Signature', value]]))).toMatchObject({
      code: 'wrong_encoding',
      fix: 'Write the signature like this: Callbox-Signature: <32 bytes as hex>',
    });
  });

  test('without the prefix that is expected', async () => {
    const github = factsOf({ provider: 'github', secrets: [aSecret(SECRET)] });
    const signature = await octokitSign(SECRET, COMPACT);
    const request = aRequest(COMPACT, [['X-Hub-Signature-256', signature.slice('sha256='.length)]]);
    expect(await diagnosed(github, request)).toMatchObject({
      reason: 'signature_malformed',
      code: 'wrong_encoding',
      fix: expect.stringContaining('sha256=<32 bytes as hex>') as string,
    });
  });

  test('hex where Shopify writes base64', async () => {
    const shopify = factsOf({ provider: 'shopify', secrets: [aSecret('shpss_0123456789abcdef')] });
    const value = mac('shpss_0123456789abcdef', COMPACT).digest('hex');
    expect(await diagnosed(shopify, aRequest(COMPACT, [['X-Shopify-Hmac-Sha256', value]]))).toMatchObject({
      code: 'wrong_encoding',
      cause: expect.stringMatching(/32 bytes as hex.*32 bytes as base64/) as string,
    });
  });
});

describe('a key that was made in another way is wrong_encoding:', () => {
  test.each([
    [
      'decoded from base64',
      Buffer.from(SECRET.slice(6), 'base64'),
      /decoded from base64, without its prefix/,
    ],
    ['without its prefix', SECRET.slice(6), /without its prefix, not decoded/],
    ['with a newline', `${SECRET}\n`, /newline at its end/],
    ['in quotation marks', `"${SECRET}"`, /quotation marks/],
  ])('%s', async (_what, key, cause) => {
    expect(await byCallbox(COMPACT, COMPACT, key)).toMatchObject({
      code: 'wrong_encoding',
      cause: expect.stringMatching(cause) as string,
    });
  });

  test('the text where Svix decodes it', async () => {
    const facts = factsOf({ provider: 'svix', secrets: [aSecret(SECRET)] });
    const value = mac(SECRET, `msg_1.${NOW_S}.${COMPACT}`).digest('base64');
    const headers = [
      ['svix-id', 'msg_1'],
      ['svix-timestamp', String(NOW_S)],
      ['svix-signature', `v1,${value}`],
    ] as const;
    expect(await diagnosed(facts, aRequest(COMPACT, headers))).toMatchObject({
      code: 'wrong_encoding',
      cause: expect.stringContaining('as the text it is') as string,
    });
  });
});

describe('another hash is wrong_algorithm:', () => {
  test.each(['sha1', 'sha384', 'sha512', 'md5'] as const)('%s', async (algorithm) => {
    const value = mac(SECRET, COMPACT, algorithm).digest('hex');
    expect(await diagnosed(callbox, aRequest(COMPACT, [['Callbox-Signature', value]]))).toMatchObject({
      code: 'wrong_algorithm',
      cause: expect.stringContaining(algorithm.toUpperCase()) as string,
    });
  });

  test('with GitHub’s prefix of the older one', async () => {
    const github = factsOf({ provider: 'github', secrets: [aSecret(SECRET)] });
    const value = `sha1=${mac(SECRET, COMPACT, 'sha1').digest('hex')}`;
    expect(await diagnosed(github, aRequest(COMPACT, [['X-Hub-Signature-256', value]]))).toMatchObject({
      code: 'wrong_algorithm',
    });
  });
});

describe('a time that is too far off is clock_skew, with its seconds:', () => {
  const stripe = factsOf({ provider: 'stripe', secrets: [aSecret(SECRET)] });
  const header = (timestamp: number) =>
    new Stripe('sk_test_1').webhooks.generateTestHeaderString({
      payload: COMPACT,
      secret: SECRET,
      timestamp,
    });

  test.each([
    [NOW_S - 900, '900 seconds before'],
    [NOW_S + 4_000, '4000 seconds after'],
    [NOW_MS, 'in milliseconds; seconds are expected'],
  ])('Stripe at %s', async (timestamp, cause) => {
    expect(
      await diagnosed(stripe, aRequest(COMPACT, [['Stripe-Signature', header(timestamp)]])),
    ).toMatchObject({
      reason: 'timestamp_outside_tolerance',
      code: 'clock_skew',
      cause: expect.stringContaining(cause) as string,
    });
  });

  test('Svix', async () => {
    const facts = factsOf({ provider: 'svix', secrets: [aSecret(SECRET)] });
    const at = new Date(NOW_MS - 1_000_000);
    const headers = [
      ['svix-id', 'msg_1'],
      ['svix-timestamp', String(Math.floor(at.getTime() / 1_000))],
      ['svix-signature', new Webhook(SECRET).sign('msg_1', at, COMPACT)],
    ] as const;
    expect(await diagnosed(facts, aRequest(COMPACT, headers))).toMatchObject({
      code: 'clock_skew',
      cause: expect.stringContaining('1000 seconds before') as string,
    });
  });

  test('and does not hide that the body was changed', async () => {
    const request = aRequest(JSON.stringify(DOCUMENT, null, 2), [['Stripe-Signature', header(NOW_S - 900)]]);
    expect(await diagnosed(stripe, request)).toMatchObject({
      code: 'body_reserialized',
      cause: expect.stringMatching(/without spaces.*Besides.*900 seconds before/) as string,
    });
  });
});

describe('a URL that is not the one told is url_mismatch:', () => {
  const token = 'twilio-auth-token-0123456789';
  const facts = factsOf({ provider: 'twilio', secrets: [aSecret(token)] });
  const form = 'From=%2B15551234567&Body=hi';
  const signedFor = (url: string, headers: [string, string][] = []) =>
    diagnosed(facts, {
      method: 'POST',
      url: TOLD,
      headers: [
        ['Content-Type', 'application/x-www-form-urlencoded'],
        [
          'X-Twilio-Signature',
          twilio.getExpectedTwilioSignature(token, url, { From: '+15551234567', Body: 'hi' }),
        ],
        ...headers,
      ],
      body: Buffer.from(form),
    });

  test.each([
    ['scheme', TOLD.replace('https', 'http'), []],
    ['trailing slash', `${TOLD}/`, []],
    ['host', TOLD.replace('hooks.example.com', 'abc.ngrok.app'), [['X-Forwarded-Host', 'abc.ngrok.app']]],
    ['port', TOLD.replace('.com', '.com:8443'), [['Host', 'hooks.example.com:8443']]],
    ['scheme, host, port', 'http://localhost:8080/in/acme/orders', [['Host', 'localhost:8080']]],
  ] as [string, string, [string, string][]][])('another %s', async (difference, url, headers) => {
    const diagnosis = await signedFor(url, headers);
    expect(diagnosis.code).toBe('url_mismatch');
    expect(diagnosis.cause).toContain(`for the URL ${url}, expected is ${TOLD} (different: ${difference})`);
    expect(diagnosis.fix).toContain(TOLD);
  });

  test('but a host that nobody has named stays unknown', async () => {
    expect(await signedFor('https://elsewhere.example/in/acme/orders')).toMatchObject({ code: 'unknown' });
  });
});

describe('a token of QStash', () => {
  const key = 'sig_0123456789abcdefghijklmnop';
  const next = aSecret('sig_next9876543210zyxwvutsrqp', {
    id: 'n',
    label: 'Next',
    standing: 'expired',
    expiresAtMs: NOW_MS - 5,
  });
  const facts = factsOf({ provider: 'qstash', secrets: [aSecret(key), next] });
  const token = (claims: object = {}, secret = key, alg = 'HS256') => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = createHash('sha256').update(COMPACT).digest('base64url');
    const standard = { iss: 'Upstash', sub: TOLD, iat: NOW_S, nbf: NOW_S, exp: NOW_S + 300, body, ...claims };
    const text = `${part({ alg, typ: 'JWT' })}.${part(standard)}`;
    return `${text}.${mac(secret, text, alg === 'HS256' ? 'sha256' : 'sha512').digest('base64url')}`;
  };
  const withToken = (value: string, body = COMPACT) =>
    diagnosed(facts, aRequest(body, [['Upstash-Signature', value]]));
  const byNext = (claims: object = {}) => token(claims, next.plainSecret ?? '');

  test.each([
    ['url_mismatch', 'https://old.example/a', token({ sub: 'https://old.example/a' })],
    ['other_secret', '“Next” of this source', byNext()],
    ['other_secret', 'http://x.example/', byNext({ sub: 'http://x.example/' })],
    ['clock_skew', 'expired 100 seconds before', token({ exp: NOW_S - 100, iat: NOW_S - 400 })],
    ['clock_skew', '77 seconds after', token({ nbf: NOW_S + 77 })],
    ['claim_mismatch', 'iss is Somebody, expected is Upstash', token({ iss: 'Somebody' })],
    ['wrong_algorithm', 'SHA512', token({}, key, 'HS512')],
    ['wrong_encoding', 'written in another way', `Bearer ${token()}`],
  ])('is %s: %s', async (code, cause, value) => {
    expect(await withToken(value)).toMatchObject({ code, cause: expect.stringContaining(cause) as string });
  });

  test.each([
    ['body_reserialized', 'without spaces', JSON.stringify(DOCUMENT, null, 2)],
    ['body_changed', 'another body', '{"id":"evt_2"}'],
  ])('is %s where the body is: %s', async (code, cause, body) => {
    expect(await withToken(token(), body)).toMatchObject({
      code,
      cause: expect.stringContaining(cause) as string,
    });
  });
});

describe('a callback without the signature that is expected', () => {
  test('has none at all: not_signed', async () => {
    expect(await diagnosed(callbox, aRequest(COMPACT))).toMatchObject({
      reason: 'signature_missing',
      code: 'not_signed',
      cause: expect.stringContaining('Callbox-Signature') as string,
      fix: expect.stringContaining('Register the secret') as string,
    });
  });

  test('has it in another header: wrong_header', async () => {
    const request = aRequest(COMPACT, [['X-Signature', mac(SECRET, COMPACT).digest('hex')]]);
    expect(await diagnosed(callbox, request)).toMatchObject({
      code: 'wrong_header',
      cause: expect.stringContaining('X-Signature; Callbox-Signature') as string,
    });
  });

  test('has the headers of Svix’ own spelling where those of the specification are expected: wrong_header', async () => {
    const facts = factsOf({ provider: 'standard-webhooks', secrets: [aSecret(SECRET)] });
    const at = new Date(NOW_MS);
    const headers = [
      ['svix-id', 'msg_1'],
      ['svix-timestamp', String(NOW_S)],
      ['svix-signature', new Webhook(SECRET).sign('msg_1', at, COMPACT)],
    ] as const;
    expect(await diagnosed(facts, aRequest(COMPACT, headers))).toMatchObject({ code: 'wrong_header' });
  });

  test('has another provider’s: wrong_provider, by name', async () => {
    const headers = [
      ['X-GitHub-Event', 'push'],
      ['X-GitHub-Delivery', 'd-1'],
      ['X-Hub-Signature-256', await octokitSign('unknown-secret', COMPACT)],
    ] as const;
    expect(await diagnosed(callbox, aRequest(COMPACT, headers))).toMatchObject({
      code: 'wrong_provider',
      cause: expect.stringContaining('GitHub') as string,
    });
    const stripe = new Stripe('sk_test_1').webhooks.generateTestHeaderString({
      payload: COMPACT,
      secret: 'whsec_x',
    });
    expect(await diagnosed(callbox, aRequest(COMPACT, [['Stripe-Signature', stripe]]))).toMatchObject({
      code: 'wrong_provider',
      cause: expect.stringContaining('Stripe') as string,
    });
  });

  test('has half of it: header_missing', async () => {
    const slack = factsOf({ provider: 'slack', secrets: [aSecret(SECRET)] });
    const value = `v0=${mac(SECRET, `v0:${NOW_S}:${COMPACT}`).digest('hex')}`;
    expect(await diagnosed(slack, aRequest(COMPACT, [['X-Slack-Signature', value]]))).toMatchObject({
      code: 'header_missing',
      cause: expect.stringContaining('X-Slack-Request-Timestamp') as string,
    });
  });

  test('has it twice: header_repeated', async () => {
    const value = mac(SECRET, COMPACT).digest('hex');
    const request = aRequest(COMPACT, [
      ['Callbox-Signature', value],
      ['callbox-signature', value],
    ]);
    expect(await diagnosed(callbox, request)).toMatchObject({ code: 'header_repeated' });
  });

  test('but the secret itself: secret_sent, which does not repeat it', async () => {
    const diagnosis = await diagnosed(
      callbox,
      aRequest(COMPACT, [['Callbox-Signature', `sha256=${SECRET}`]]),
    );
    expect(diagnosis).toMatchObject({
      code: 'secret_sent',
      fix: expect.stringContaining('Rotate') as string,
    });
    expect(JSON.stringify(diagnosis)).not.toContain(SECRET.slice(6));
  });

  test('but something else: it is told how it is written, and not what', async () => {
    const request = aRequest(COMPACT, [['Callbox-Signature', 'Bearer hunter2-hunter2 v1=abcdefgh12']]);
    const { cause } = await diagnosed(callbox, request);
    expect(cause).toContain('it is Bearer <15 characters> v1=<10 characters>, expected is <32 bytes as hex>');
  });
});
