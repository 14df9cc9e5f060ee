import { createHmac } from 'node:crypto';
import type { HeaderPairs } from '#signatures';
import { keyOf } from '../conformance.fixture.js';
import { shopify } from './shopify.js';

const SECRET = 'example-secret-for-tests-only';
const BODY = Buffer.from('{"id":1}');
const SIGNATURE = createHmac('sha256', SECRET).update(BODY).digest('base64');
const CLOCK = { nowMs: Date.UTC(2026, 10, 22) };
const keys = [keyOf(shopify.scheme, SECRET)];
const received = (...headers: HeaderPairs) => ({
  method: 'POST',
  url: 'https://inbox.example/in/t/s',
  headers,
  body: BODY,
});

describe('Shopify', () => {
  test.each(['X-Shopify-Hmac-Sha256', 'shopify-hmac-sha256'])('signs in %s', async (name) => {
    expect(await shopify.scheme.verify(received([name, SIGNATURE]), keys, CLOCK)).toMatchObject({ ok: true });
  });

  test('never signs in both at once', async () => {
    const both = received(['X-Shopify-Hmac-Sha256', SIGNATURE], ['Shopify-Hmac-Sha256', SIGNATURE]);
    expect(await shopify.scheme.verify(both, keys, CLOCK)).toEqual({
      ok: false,
      reason: 'signature_malformed',
    });
  });

  test.each([
    ['X-Shopify-Hmac-Sha256', 'x-shopify-hmac-sha256'],
    ['Shopify-Hmac-Sha256', 'shopify-hmac-sha256'],
  ])('a redelivery of what came with %s is signed there again', async (name, came) => {
    const fresh = await shopify.scheme.sign?.(received([came, 'of an older secret']), keys, CLOCK);
    expect(fresh).toEqual([[name, SIGNATURE]]);
  });
});
