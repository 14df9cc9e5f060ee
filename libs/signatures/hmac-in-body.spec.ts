import { createHash, createHmac } from 'node:crypto';
import { hmacInBody } from './index.js';
import { keyOf, post } from './request.fixture.js';

const SECRET = 'a-signing-key-of-some-length';
const NOW_SECONDS = 1_700_000_000;
const CLOCK = { nowMs: NOW_SECONDS * 1000 };

const mailgun = hmacInBody({
  algorithm: 'sha256',
  encoding: 'hex',
  signature: '/signature/signature',
  content: ['/signature/timestamp', '/signature/token'],
  timestamp: { jsonPointer: '/signature/timestamp', unit: 'seconds', toleranceSeconds: 300 },
});
const keys = [keyOf(mailgun, SECRET)];
const macOf = (content: string) => createHmac('sha256', SECRET).update(content).digest('hex');

type Signature = { timestamp?: unknown; token?: unknown; signature?: unknown };

function body({
  timestamp = String(NOW_SECONDS),
  token = 'tok',
  signature = macOf(`${String(timestamp)}tok`),
}: Signature = {}): string {
  return JSON.stringify({ signature: { timestamp, token, signature }, 'event-data': { id: 'e' } });
}

const verify = (text: string | Buffer, given = keys) => mailgun.verify(post(text), given, CLOCK);
const refusal = (reason: string) => ({ ok: false, reason });

describe('a signature inside the body', () => {
  test('is verified, the time as text or as a number', async () => {
    const signedAtMs = NOW_SECONDS * 1000;
    expect(await verify(body())).toEqual({ ok: true, keyId: 'key-1', signedAtMs });
    expect(await verify(body({ timestamp: NOW_SECONDS }))).toEqual({ ok: true, keyId: 'key-1', signedAtMs });
  });

  test.each<[what: string, text: string | Buffer, reason: string]>([
    ['another token', body({ token: 'other' }), 'signature_mismatch'],
    [
      'a digit moved from the token to the time',
      body({ timestamp: `${NOW_SECONDS}1`, token: '', signature: macOf(`${NOW_SECONDS}1`) }),
      'timestamp_outside_tolerance',
    ],
    ['an old time', body({ timestamp: String(NOW_SECONDS - 301) }), 'timestamp_outside_tolerance'],
    ['a time that is none', body({ timestamp: 'now' }), 'signature_malformed'],
    ['a token that is a list', body({ token: ['tok'] }), 'signature_malformed'],
    ['a token of null', body({ token: null }), 'signature_missing'],
    [
      'a signature in capitals',
      body({ signature: macOf(`${NOW_SECONDS}tok`).toUpperCase() }),
      'signature_malformed',
    ],
    ['a signature that is an object', body({ signature: {} }), 'signature_malformed'],
    ['no signature', '{"event-data":{}}', 'signature_missing'],
    ['an empty body', '', 'signature_missing'],
    ['no JSON', '{"signature":', 'signature_missing'],
    ['half a million brackets', '['.repeat(500_000), 'signature_missing'],
    [
      'bytes that are no UTF-8',
      Buffer.concat([Buffer.from(body()), Buffer.from([0xff])]),
      'signature_missing',
    ],
    ['a signature on the prototype', '{"__proto__":{"signature":{}}}', 'signature_missing'],
  ])('is refused with %s', async (_what, text, reason) => {
    expect(await verify(text)).toEqual(refusal(reason));
  });

  test('fails closed without a key', async () => {
    expect(await verify(body(), [])).toEqual(refusal('no_secret'));
    expect(mailgun.prepareKey('').ok).toBe(false);
    expect(mailgun).not.toHaveProperty('sign');
  });

  test('binds nothing but what is signed, as its documentation says', async () => {
    expect(await verify(body().replace('"e"', '"another"'))).toMatchObject({ ok: true });
  });
});

describe('published vectors of signatures inside the body', () => {
  test('Adyen docs, "Verify HMAC signatures": an empty field and a number among the signed ones', async () => {
    const item = '/notificationItems/0/NotificationRequestItem';
    const adyen = hmacInBody({
      algorithm: 'sha256',
      encoding: 'base64',
      signature: `${item}/additionalData/hmacSignature`,
      content: [
        `${item}/pspReference`,
        `${item}/originalReference`,
        `${item}/merchantAccountCode`,
        `${item}/merchantReference`,
        `${item}/amount/value`,
        `${item}/amount/currency`,
        `${item}/eventCode`,
        `${item}/success`,
      ],
      separator: ':',
      secret: { decode: 'hex' },
    });
    const document = (value: number) => ({
      notificationItems: [
        {
          NotificationRequestItem: {
            pspReference: '7914073381342284',
            originalReference: '',
            merchantAccountCode: 'TestMerchant',
            merchantReference: 'TestPayment-1407325143704',
            amount: { value, currency: 'EUR' },
            eventCode: 'AUTHORISATION',
            success: 'true',
            additionalData: { hmacSignature: 'coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=' },
          },
        },
      ],
    });
    const adyenKeys = [keyOf(adyen, '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056')];
    expect(await adyen.verify(post(JSON.stringify(document(1130))), adyenKeys, CLOCK)).toMatchObject({
      ok: true,
    });
    expect(await adyen.verify(post(JSON.stringify(document(1131))), adyenKeys, CLOCK)).toEqual(
      refusal('signature_mismatch'),
    );
  });

  test('hellosign/dropbox-sign-node examples/EventCallbackExample.ts', async () => {
    const dropboxSign = hmacInBody({
      algorithm: 'sha256',
      encoding: 'hex',
      signature: '/event/event_hash',
      content: ['/event/event_time', '/event/event_type'],
      timestamp: { jsonPointer: '/event/event_time', unit: 'seconds', toleranceSeconds: 300 },
    });
    const event = {
      event_time: '1669926463',
      event_type: 'account_confirmed',
      event_hash: 'ff8b03439122f9160500c3fb855bdee5a9ccba5fff27d3b258745d8f3074832f',
    };
    const dropboxKeys = [
      keyOf(dropboxSign, '324e3b0840f065eb51f3fd63231d0d33daa35d4ed10d27718839e81737065782'),
    ];
    expect(
      await dropboxSign.verify(post(JSON.stringify({ event })), dropboxKeys, { nowMs: 1_669_926_463_000 }),
    ).toMatchObject({ ok: true });
  });
});

test('a pointer that is none is found when the scheme is made', () => {
  expect(() =>
    hmacInBody({ algorithm: 'sha256', encoding: 'hex', signature: 'signature', content: ['/a'] }),
  ).toThrow(RangeError);
});

describe('a signature in a form or in the query', () => {
  const sha384 = (text: string) => createHmac('sha384', SECRET).update(text).digest('hex');

  test('Transloadit: stands beside the signed field of a form', async () => {
    const scheme = hmacInBody({
      algorithm: 'sha384',
      encoding: 'hex',
      signature: { form: 'signature' },
      grammar: { kind: 'bare', prefix: 'sha384:' },
      content: '${form:transloadit}',
    });
    const json = '{"ok":"ASSEMBLY_COMPLETED","name":"é & ="}';
    const form = (text: string) =>
      new URLSearchParams({ transloadit: text, signature: `sha384:${sha384(json)}` }).toString();
    const formKeys = [keyOf(scheme, SECRET)];
    expect(await scheme.verify(post(form(json)), formKeys, CLOCK)).toMatchObject({ ok: true });
    expect(await scheme.verify(post(form('{}')), formKeys, CLOCK)).toEqual(refusal('signature_mismatch'));
    expect(await scheme.verify(post(`${form(json)}&transloadit={}`), formKeys, CLOCK)).toEqual(
      refusal('signature_malformed'),
    );
  });

  test('Paymob: stands in the query, over values of the JSON body, truth values among them', async () => {
    const scheme = hmacInBody({
      algorithm: 'sha512',
      encoding: 'hex',
      signature: { query: 'hmac' },
      content: ['/obj/amount_cents', '/obj/is_auth', '/obj/order/id'],
    });
    const signature = createHmac('sha512', SECRET).update('100false7').digest('hex');
    const paymobBody = '{"obj":{"amount_cents":100,"is_auth":false,"order":{"id":7}}}';
    const paymobKeys = [keyOf(scheme, SECRET)];
    const at = (query: string) => post(paymobBody, [], `https://inbox.example/in/acme/paymob${query}`);
    expect(await scheme.verify(at(`?hmac=${signature}`), paymobKeys, CLOCK)).toMatchObject({ ok: true });
    expect(await scheme.verify(at(`?hmac=${signature}&hmac=${signature}`), paymobKeys, CLOCK)).toEqual(
      refusal('signature_malformed'),
    );
    expect(await scheme.verify(at(''), paymobKeys, CLOCK)).toEqual(refusal('signature_missing'));
  });

  test('Braintree: one signature for each key pair, told apart by the public key in front', async () => {
    const scheme = hmacInBody({
      algorithm: 'sha1',
      encoding: 'hex',
      signature: { form: 'bt_signature' },
      grammar: { kind: 'list', separator: '&', prefix: 'ours|' },
      content: '${form:bt_payload}',
      secret: { derive: (secret) => createHash('sha1').update(secret).digest() },
    });
    const key = createHash('sha1').update(SECRET).digest();
    const signature = createHmac('sha1', key).update('payload').digest('hex');
    const form = (value: string) =>
      new URLSearchParams({ bt_payload: 'payload', bt_signature: value }).toString();
    const bodyOf = (value: string) => scheme.verify(post(form(value)), [keyOf(scheme, SECRET)], CLOCK);
    expect(await bodyOf(`theirs|${'0'.repeat(40)}&ours|${signature}`)).toMatchObject({ ok: true });
    expect(await bodyOf(`theirs|${signature}`)).toEqual(refusal('signature_malformed'));
  });

  test('a value that may be absent counts as empty, and another one does not', async () => {
    const scheme = hmacInBody({
      algorithm: 'sha384',
      encoding: 'hex',
      signature: '/s',
      content: '${json:/a}:${json?:/b}:${json:/c}',
    });
    const optionalKeys = [keyOf(scheme, SECRET)];
    const document = (rest: object) => post(JSON.stringify({ s: sha384('1::3'), ...rest }));
    expect(await scheme.verify(document({ a: 1, c: 3 }), optionalKeys, CLOCK)).toMatchObject({ ok: true });
    expect(await scheme.verify(document({ a: 1, b: null, c: 3 }), optionalKeys, CLOCK)).toMatchObject({
      ok: true,
    });
    expect(await scheme.verify(document({ a: 1 }), optionalKeys, CLOCK)).toEqual(
      refusal('signature_missing'),
    );
  });
});
