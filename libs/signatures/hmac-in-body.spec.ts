import { createHmac } from 'node:crypto';
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
