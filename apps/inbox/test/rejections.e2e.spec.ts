import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import Stripe from 'stripe';
import { Webhook } from 'svix';
import twilio from 'twilio';
import { eventually, hexHmac, qstashToken, send, TestApp, type TestTenant } from '#testing';

/** The package names no file for what is not an ES module. */
const octokit = jest.requireActual<typeof import('@octokit/webhooks-methods')>(
  join(process.cwd(), 'node_modules/@octokit/webhooks-methods/dist-node/index.js'),
);

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await TestApp.start({ settings: { logLevel: 'trace' } });
  tenant = await app.tenant();
});
afterAll(() => app.stop());

const DOCUMENT = { id: 'evt_1', type: 'invoice.paid', items: [1, 2], note: 'naïve' };
const COMPACT = JSON.stringify(DOCUMENT);
const INDENTED = JSON.stringify(DOCUMENT, null, 2);
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const NOW_S = Math.floor(Date.now() / 1_000);

interface Diagnosed {
  readonly reason: string;
  readonly diagnosis: { readonly code: string; readonly cause: string; readonly fix: string };
}

let slugs = 0;
/** A source of its own, so that its newest rejection is the one that was just made. */
async function newSource(provider: string, plainSecret = SECRET, config?: object) {
  slugs += 1;
  return tenant.source(provider, {
    slug: `${provider}-${slugs}`,
    plainSecret,
    ...(config === undefined ? {} : { config }),
  });
}

async function refusedBy(
  source: { readonly slug: string; readonly url: string },
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = COMPACT,
): Promise<Diagnosed> {
  const answer = await send(source.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  expect(answer).toMatchObject({ status: 401, body: { code: 'signature_invalid' } });
  return eventually(async () => {
    const { data } = await tenant.ok<{ data: Diagnosed[] }>('GET', `/v1/rejections?source=${source.slug}`);
    const [newest] = data;
    if (newest === undefined) throw new Error('not kept yet');
    return newest;
  });
}

const as = (code: string, cause: RegExp) => ({
  diagnosis: {
    code,
    cause: expect.stringMatching(cause) as string,
    fix: expect.stringMatching(/^.{15,}$/) as string,
  },
});

const stripeHeader = (payload: string, secret = SECRET, timestamp = NOW_S) => ({
  'stripe-signature': new Stripe('sk_test_1').webhooks.generateTestHeaderString({
    payload,
    secret,
    timestamp,
  }),
});
const svixHeaders = (payload: string, secret = SECRET, at = new Date(NOW_S * 1_000)) => ({
  'svix-id': 'msg_1',
  'svix-timestamp': String(Math.floor(at.getTime() / 1_000)),
  'svix-signature': new Webhook(secret).sign('msg_1', at, payload),
});

describe('body_reserialized', () => {
  test('of Callbox: indented where compact was signed', async () => {
    const headers = { 'callbox-signature': hexHmac(SECRET, COMPACT) };
    expect(await refusedBy(await newSource('callbox'), headers, INDENTED)).toMatchObject(
      as('body_reserialized', /fits the body/),
    );
  });
  test('of Stripe: a newline more', async () => {
    expect(await refusedBy(await newSource('stripe'), stripeHeader(COMPACT), `${COMPACT}\n`)).toMatchObject(
      as('body_reserialized', /trailing newline/),
    );
  });
  test('of GitHub: parsed and serialised again', async () => {
    const headers = { 'x-hub-signature-256': await octokit.sign(SECRET, INDENTED) };
    expect(await refusedBy(await newSource('github'), headers)).toMatchObject(
      as('body_reserialized', /indented by 2/),
    );
  });
  test('of Svix: as Python writes it', async () => {
    const python = '{"id": "evt_1", "type": "invoice.paid", "items": [1, 2], "note": "na\\u00efve"}';
    expect(await refusedBy(await newSource('svix'), svixHeaders(python))).toMatchObject(
      as('body_reserialized', /Python/),
    );
  });
  test('of QStash: its token holds the hash of the body before', async () => {
    const source = await newSource('qstash', 'sig_0123456789abcdefghijklmnop');
    const token = qstashToken(source.secret, { url: source.url, body: COMPACT });
    expect(await refusedBy(source, { 'upstash-signature': token }, INDENTED)).toMatchObject(
      as('body_reserialized', /without spaces/),
    );
  });
});

describe('other_secret', () => {
  test('of another source is named by label and source; its text is nowhere', async () => {
    const other = await newSource('stripe', 'whsec_MarkedOtherSecret0123456789');
    const rejected = await refusedBy(await newSource('stripe'), stripeHeader(COMPACT, other.secret));
    expect(rejected).toMatchObject(as('other_secret', new RegExp(`“first” of the source ${other.slug}`)));
    const { rows } = await app.database.pool.query<{ text: string }>(
      'select r::text as text from rejections r',
    );
    expect(rows.map(({ text }) => text).join()).not.toMatch(/MarkedOtherSecret/);
    expect(app.log.join('') + JSON.stringify(rejected)).not.toMatch(/MarkedOtherSecret/);
  });
  test('that was rotated away is named', async () => {
    const source = await newSource('github');
    await tenant.ok('POST', `/v1/callback-secrets/${source.secretId}/rotations`, {
      overlap_seconds: 0,
      label: 'new',
    });
    const headers = { 'x-hub-signature-256': await octokit.sign(SECRET, COMPACT) };
    const rejected = await eventually(() => refusedBy(source, headers));
    expect(rejected).toMatchObject(as('other_secret', /“first” of this source, which expired on 20/));
  });
  test('of another tenant stays unknown', async () => {
    const stranger = await app.tenant();
    const theirs = await stranger.source('github', { plainSecret: 'the-secret-of-a-stranger' });
    const headers = { 'x-hub-signature-256': await octokit.sign(theirs.secret, COMPACT) };
    expect(await refusedBy(await newSource('github'), headers)).toMatchObject(
      as('unknown', /does not fit the active secret/),
    );
  });
  test('of QStash: the key of another source', async () => {
    const other = await newSource('qstash', 'sig_other9876543210zyxwvutsrqp');
    const source = await newSource('qstash', 'sig_0123456789abcdefghijklmnop');
    const token = qstashToken(other.secret, { url: source.url, body: COMPACT });
    expect(await refusedBy(source, { 'upstash-signature': token })).toMatchObject(
      as('other_secret', new RegExp(other.slug)),
    );
  });
  test('of a token that is only compared, where comparing is quick', async () => {
    const make = async (slug: string) => {
      const source = await tenant.ok<{ ingest_url: string }>('POST', '/v1/sources', {
        slug,
        provider: 'bearer',
      });
      const secret = await tenant.ok<{ plain_secret: string }>('POST', '/v1/callback-secrets', {
        label: 'made',
        source: slug,
      });
      return { slug, url: source.ingest_url, secret: secret.plain_secret };
    };
    const [one, other] = [await make('bearer-one'), await make('bearer-two')];
    expect(await refusedBy(one, { authorization: `Bearer ${other.secret}` })).toMatchObject(
      as('other_secret', /“made” of the source bearer-two/),
    );
  });
});

describe('wrong_encoding', () => {
  test('of Callbox: base64 instead of hex', async () => {
    const value = createHmac('sha256', SECRET).update(COMPACT).digest('base64');
    expect(await refusedBy(await newSource('callbox'), { 'callbox-signature': value })).toMatchObject(
      as('wrong_encoding', /32 bytes as base64.*32 bytes as hex/),
    );
  });
  test('of Shopify: hex instead of base64', async () => {
    const value = hexHmac(SECRET, COMPACT);
    expect(await refusedBy(await newSource('shopify'), { 'x-shopify-hmac-sha256': value })).toMatchObject(
      as('wrong_encoding', /32 bytes as hex.*32 bytes as base64/),
    );
  });
  test('of GitHub: the prefix stripped', async () => {
    const headers = { 'x-hub-signature-256': hexHmac(SECRET, COMPACT) };
    expect(await refusedBy(await newSource('github'), headers)).toMatchObject(
      as('wrong_encoding', /expected is sha256=/),
    );
  });
  test('of Runflow: a prefix too much', async () => {
    const headers = { 'runflow-signature': `sha256=${hexHmac(SECRET, COMPACT)}` };
    expect(await refusedBy(await newSource('runflow'), headers)).toMatchObject(
      as('wrong_encoding', /sha256=</),
    );
  });
  test('of Runflow: the secret decoded', async () => {
    const value = createHmac('sha256', Buffer.from(SECRET.slice(6), 'base64'))
      .update(COMPACT)
      .digest('hex');
    expect(await refusedBy(await newSource('runflow'), { 'runflow-signature': value })).toMatchObject(
      as('wrong_encoding', /“first” decoded from base64/),
    );
  });
  test('of Standard Webhooks: the secret not decoded', async () => {
    const signature = createHmac('sha256', SECRET).update(`msg_1.${NOW_S}.${COMPACT}`).digest('base64');
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(NOW_S),
      'webhook-signature': `v1,${signature}`,
    };
    expect(await refusedBy(await newSource('standard-webhooks'), headers)).toMatchObject(
      as('wrong_encoding', /not decoded/),
    );
  });
});

test('wrong_algorithm: GitHub’s older hash', async () => {
  const value = `sha1=${createHmac('sha1', SECRET).update(COMPACT).digest('hex')}`;
  expect(await refusedBy(await newSource('github'), { 'x-hub-signature-256': value })).toMatchObject(
    as('wrong_algorithm', /SHA1/),
  );
});

describe('url_mismatch', () => {
  const token = 'twilio-auth-token-0123456789';
  test.each([
    ['scheme', (url: string) => url.replace('http:', 'https:')],
    ['host', (url: string) => url.replace('127.0.0.1', 'localhost')],
    ['port', (url: string) => url.replace(/:\d+\//, '/')],
    ['trailing slash', (url: string) => `${url}/`],
  ])('of Twilio: another %s', async (what, change) => {
    const source = await newSource('twilio', token);
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': twilio.getExpectedTwilioSignature(token, change(source.url), {
        Body: 'hi',
        From: '+1',
      }),
    };
    const { diagnosis } = await refusedBy(source, headers, 'Body=hi&From=%2B1');
    expect(diagnosis.code).toBe('url_mismatch');
    expect(diagnosis.cause).toContain(`${change(source.url)}, expected is ${source.url}`);
    expect(diagnosis.cause).toContain(what);
  });
  test('of QStash: another URL', async () => {
    const source = await newSource('qstash', 'sig_0123456789abcdefghijklmnop');
    const value = qstashToken(source.secret, { url: 'https://old.example/a', body: COMPACT });
    expect(await refusedBy(source, { 'upstash-signature': value })).toMatchObject(
      as('url_mismatch', new RegExp(`https://old.example/a, expected is ${source.url}`)),
    );
  });
});

describe('clock_skew', () => {
  test('of Stripe and Svix, by its seconds', async () => {
    const old = NOW_S - 4_000;
    expect(await refusedBy(await newSource('stripe'), stripeHeader(COMPACT, SECRET, old))).toMatchObject(
      as('clock_skew', /made 40\d\d seconds before/),
    );
    const headers = svixHeaders(COMPACT, SECRET, new Date((NOW_S + 9_100) * 1_000));
    expect(await refusedBy(await newSource('svix'), headers)).toMatchObject(
      as('clock_skew', /made 90\d\d seconds after|made 91\d\d seconds after/),
    );
  });
  test('of a token of QStash that has expired', async () => {
    const source = await newSource('qstash', 'sig_0123456789abcdefghijklmnop');
    const claims = { exp: NOW_S - 500, iat: NOW_S - 800, nbf: NOW_S - 800 };
    const value = qstashToken(source.secret, { url: source.url, body: COMPACT }, claims);
    expect(await refusedBy(source, { 'upstash-signature': value })).toMatchObject(
      as('clock_skew', /expired 5\d\d seconds before/),
    );
  });
});

describe('a callback without its signature', () => {
  test('is not_signed, or looks like another provider’s', async () => {
    expect(await refusedBy(await newSource('stripe'), {})).toMatchObject(
      as('not_signed', /Stripe-Signature is not there/),
    );
    expect(await refusedBy(await newSource('callbox'), stripeHeader(COMPACT, 'whsec_nobody'))).toMatchObject(
      as('wrong_provider', /callback of Stripe/),
    );
  });
  test('of a source without secrets says so', async () => {
    const source = await tenant.ok<{ ingest_url: string }>('POST', '/v1/sources', {
      slug: 'none',
      provider: 'github',
    });
    const headers = { 'x-hub-signature-256': await octokit.sign('not-imported-yet', COMPACT) };
    expect(await refusedBy({ slug: 'none', url: source.ingest_url }, headers)).toMatchObject(
      as('no_secret', /no active/),
    );
  });
});

describe('a bearer token that the source requires', () => {
  test('is missing, or not the one', async () => {
    const source = await newSource('runflow', SECRET, { require: ['bearer'] });
    await tenant.ok('POST', '/v1/callback-secrets', { label: 'token', source: source.slug, use: 'bearer' });
    const signed = { 'runflow-signature': hexHmac(SECRET, COMPACT) };
    expect(await refusedBy(source, signed)).toMatchObject(
      as('authorization_missing', /no token in Authorization/),
    );
    const wrong = { ...signed, authorization: 'Bearer somebody-elses-token' };
    const rejected = await eventually(async () => {
      const found = await refusedBy(source, wrong);
      expect(found.reason).toBe('authorization_mismatch');
      return found;
    });
    expect(rejected).toMatchObject(as('authorization_mismatch', /none of the source’s active/));
    expect(JSON.stringify(rejected)).not.toContain('somebody-elses-token');
  });
});
