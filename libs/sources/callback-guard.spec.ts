import { createHmac } from 'node:crypto';
import { type Credential, hmac } from '#signatures';
import { guardCallback } from './callback-guard.js';
import type { LiveKey, LiveSource } from './live-source.js';

const NOW = 1_000_000;
const BODY = Buffer.from('{}');
const SECRET = 'a secret of some length';
const TOKEN = 'a-token';

/** A slow credential that knows how often it was asked. */
class Counted implements Credential {
  asked = 0;

  matches(presented: string): Promise<boolean> {
    this.asked += 1;
    return Promise.resolve(presented === TOKEN);
  }
}

const scheme = hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' });
const prepared = scheme.prepareKey(SECRET);
const signingKey: LiveKey = {
  id: 'signing',
  material: prepared.ok ? prepared.material : null,
  expiresAtMs: Infinity,
  mayTakeOver: false,
};
const bearerKey = (material: Credential, expiresAtMs = Infinity): LiveKey<Credential> => ({
  id: 'bearer',
  material,
  expiresAtMs,
  mayTakeOver: false,
});

function guard(
  bearerKeys: LiveSource['bearerKeys'],
  headers: Readonly<Record<string, string>>,
  secret = SECRET,
) {
  const signature = createHmac('sha256', secret).update(BODY).digest('hex');
  // What the guard looks at; the rest of a source is none of its business.
  const source = { scheme, config: {}, keys: [signingKey], bearerKeys } as unknown as LiveSource;
  const request = {
    method: 'POST',
    url: 'http://localhost/in/t/s',
    headers: Object.entries({ 'X-Signature': signature, ...headers }),
    body: BODY,
  };
  return guardCallback(source, request, { nowMs: NOW, published: () => Promise.resolve(null) });
}

describe('the guard', () => {
  test('asks for no token where none is required, and answers at once', () => {
    expect(guard(null, {})).toEqual({ ok: true, keyId: 'signing', signedAtMs: null, secretIds: ['signing'] });
  });

  test('names both secrets, that of the signature first', async () => {
    const admission = await guard([bearerKey(new Counted())], { Authorization: `Bearer ${TOKEN}` });
    expect(admission).toMatchObject({ ok: true, keyId: 'signing', secretIds: ['signing', 'bearer'] });
  });

  test('does not let strangers spend what checking a token costs', async () => {
    const credential = new Counted();
    const keys = [bearerKey(credential)];
    expect(await guard(keys, { Authorization: `Bearer ${TOKEN}` }, 'a secret of somebody else')).toEqual({
      ok: false,
      reason: 'signature_mismatch',
    });
    expect(await guard(keys, {})).toEqual({ ok: false, reason: 'authorization_missing' });
    expect(await guard(keys, { Authorization: `Basic ${TOKEN}` })).toEqual({
      ok: false,
      reason: 'authorization_mismatch',
    });
    expect(credential.asked).toBe(0);
    expect(await guard(keys, { Authorization: 'Bearer wrong' })).toMatchObject({ ok: false });
    expect(credential.asked).toBe(1);
  });

  test('lets nothing in when every token has expired, to the millisecond', async () => {
    const headers = { Authorization: `Bearer ${TOKEN}` };
    expect(await guard([], headers)).toEqual({ ok: false, reason: 'no_secret' });
    expect(await guard([bearerKey(new Counted(), NOW)], headers)).toEqual({ ok: false, reason: 'no_secret' });
    expect(await guard([bearerKey(new Counted(), NOW + 1)], headers)).toMatchObject({ ok: true });
  });
});
