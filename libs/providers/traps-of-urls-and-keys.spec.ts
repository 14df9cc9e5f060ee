import { createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import type { HeaderPairs } from '#signatures';
import { keyOf } from './conformance.fixture.js';
import {
  NOW_MS,
  SECONDS,
  MILLISECONDS,
  TEXT,
  BODY,
  URL_TOLD,
  hmac,
  presetOf,
  outcome,
  pair,
} from './conformance-traps.fixture.js';

// As in traps.spec.ts: the right way is accepted, the likely mistake refused.

describe('the traps of the URL', () => {
  const FORM: HeaderPairs = [['Content-Type', 'application/x-www-form-urlencoded']];
  const TOKEN = '12345678901234567890123456789012';
  const twilio = async (signed: string, url: string, form: string) =>
    outcome('twilio', TOKEN, [...FORM, ['X-Twilio-Signature', hmac(TOKEN, signed, 'base64', 'sha1')]], {
      url,
      body: Buffer.from(form),
    });

  test('twilio: fields are sorted, equal values count once, empty ones count', async () => {
    const url = 'https://inbox.example/in/acme/twilio';
    expect(await twilio(`${url}AEmptyZ1Z2`, url, 'Z=2&A=&Z=1&Z=2&Empty=')).toBe('accepted');
    expect(await twilio(`${url}Z2AZ1Z2Empty`, url, 'Z=2&A=&Z=1&Z=2&Empty=')).toBe('signature_mismatch');
  });

  test.each([
    ['https://inbox.example:443/in/a', 'https://inbox.example/in/a'],
    ['https://inbox.example/in/a', 'https://inbox.example:443/in/a'],
    ['http://inbox.example:80/in/a', 'http://inbox.example/in/a'],
  ])('twilio: signed for %s, it is accepted at %s', async (signed, url) => {
    expect(await twilio(signed, url, '')).toBe('accepted');
  });

  test.each([
    ['https://inbox.example:444/in/a', 'https://inbox.example/in/a'],
    ['https://inbox.example/in/a/', 'https://inbox.example/in/a'],
    ['https://inbox.example/in/a', 'https://inbox.example/in/a?x=1'],
    ['https://user:pass@inbox.example/in/a', 'https://inbox.example/in/a'],
  ])('twilio: signed for %s, it is refused at %s', async (signed, url) => {
    expect(await twilio(signed, url, '')).toBe('signature_mismatch');
  });

  test('twilio: a JSON body counts by its hash in the query', async () => {
    const url = `https://inbox.example/in/a?bodySHA256=${createHash('sha256').update(BODY).digest('hex')}`;
    const headers: HeaderPairs = [['X-Twilio-Signature', hmac(TOKEN, url, 'base64', 'sha1')]];
    expect(await outcome('twilio', TOKEN, headers, { url })).toBe('accepted');
    expect(await outcome('twilio', TOKEN, headers, { url, body: Buffer.from('{}') })).toBe(
      'signature_mismatch',
    );
  });

  test('hubspot: only a fixed set of escapes is decoded before v3 is signed', async () => {
    const url = 'https://inbox.example/in/a?to=a%40b%2Fc%20d%25';
    const signed = (text: string): HeaderPairs => [
      ['X-HubSpot-Request-Timestamp', MILLISECONDS],
      ['X-HubSpot-Signature-v3', hmac(TEXT, `POST${text}${BODY}${MILLISECONDS}`, 'base64')],
    ];
    expect(
      await outcome('hubspot', TEXT, signed('https://inbox.example/in/a?to=a@b/c%20d%25'), { url }),
    ).toBe('accepted');
    expect(await outcome('hubspot', TEXT, signed(url), { url })).toBe('signature_mismatch');
    expect(await outcome('hubspot', TEXT, signed(decodeURIComponent(url)), { url })).toBe(
      'signature_mismatch',
    );
  });
});

describe('the traps of public keys', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = ec.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

  test.each(['der', 'ieee-p1363'] as const)(
    'sendgrid and circle: a signature in %s is judged rightly',
    async (dsaEncoding) => {
      const signed = (text: string) =>
        signBytes('sha256', Buffer.from(text), { key: ec.privateKey, dsaEncoding }).toString('base64');
      const sendgrid = pair(
        'X-Twilio-Email-Event-Webhook-Timestamp',
        SECONDS,
        'X-Twilio-Email-Event-Webhook-Signature',
        signed(`${SECONDS}${BODY}\r\n`),
      );
      const isRight = dsaEncoding === 'der';
      const body = Buffer.from(`${BODY}\r\n`);
      expect((await outcome('sendgrid', spki, sendgrid, { body })) === 'accepted').toBe(isRight);
      expect((await outcome('circle', spki, [['X-Circle-Signature', signed(BODY)]])) === 'accepted').toBe(
        isRight,
      );
      // The line end belongs to the body of SendGrid.
      expect(await outcome('sendgrid', spki, sendgrid)).not.toBe('accepted');
    },
  );

  test('telnyx: a bar stands between time and body, and it is no Standard Webhook', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');
    const signed = (text: string) =>
      pair(
        'telnyx-timestamp',
        SECONDS,
        'telnyx-signature-ed25519',
        signBytes(null, Buffer.from(text), privateKey).toString('base64'),
      );
    expect(await outcome('telnyx', raw, signed(`${SECONDS}|${BODY}`))).toBe('accepted');
    expect(await outcome('telnyx', raw, signed(`${SECONDS}.${BODY}`))).toBe('signature_mismatch');
  });

  test('wechat-pay: probes with WECHATPAY/SIGNTEST/ are refused', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const signature = signBytes('sha256', Buffer.from(`${SECONDS}\nn1\n${BODY}\n`), privateKey).toString(
      'base64',
    );
    const headers = (value: string): HeaderPairs => [
      ['Wechatpay-Timestamp', SECONDS],
      ['Wechatpay-Nonce', 'n1'],
      ['Wechatpay-Signature', value],
    ];
    expect(await outcome('wechat-pay', pem, headers(signature))).toBe('accepted');
    expect(await outcome('wechat-pay', pem, headers(`WECHATPAY/SIGNTEST/${signature}`))).not.toBe('accepted');
  });

  test.each(['none', 'HS384', 'HS512', 'RS256', 'ES256', 'hs256'])(
    'qstash, netlify and jwt: the token does not choose %s',
    async (alg) => {
      const content = [
        { alg, typ: 'JWT' },
        { iss: 'netlify', sha256: createHash('sha256').update(BODY).digest('hex') },
      ]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const token = `${content}.${alg === 'none' ? '' : hmac(TEXT, content, 'base64url')}`;
      expect(await outcome('netlify', TEXT, [['X-Webhook-Signature', token]])).toBe('signature_malformed');
      expect(await outcome('jwt', TEXT, [['Authorization', `Bearer ${token}`]])).toBe('signature_malformed');
      expect(await outcome('qstash', TEXT, [['Upstash-Signature', token]])).toBe('signature_malformed');
    },
  );

  test.each([
    'https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1',
    'http://api.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com/v1/notifications/certs/../../CERT-1',
    'https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1',
  ])('paypal: no certificate is fetched from %s', async (url) => {
    const { scheme } = presetOf('paypal');
    const headers: HeaderPairs = [
      ['paypal-transmission-sig', 'AAAA'],
      ['paypal-transmission-id', '1'],
      ['paypal-transmission-time', '2026-11-22T12:00:00Z'],
      ['paypal-cert-url', url],
      ['paypal-auth-algo', 'SHA256withRSA'],
    ];
    const asked: string[] = [];
    const request = { method: 'POST', url: URL_TOLD, headers, body: Buffer.from(BODY) };
    const verdict = await scheme.verify(
      request,
      [keyOf(scheme, '1JE4291016473214C')],
      { nowMs: NOW_MS },
      (address) => {
        asked.push(address);
        return Promise.resolve(null);
      },
    );
    expect([verdict, asked]).toEqual([{ ok: false, reason: 'claim_invalid' }, []]);
  });
});
