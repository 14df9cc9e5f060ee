import { createHmac } from 'node:crypto';
import { Overloaded } from '#database';
import { credentialOf as credentialWith, hashSecret, keyedVerifier } from './compared-secret.js';

const keyed = (text: string) => createHmac('sha256', 'pepper').update(text).digest();
const credentialOf = (verifier: string) => credentialWith(verifier, keyed);

describe('an imported secret that is only compared', () => {
  test('is kept as an argon2id hash of the agreed cost, another one each time', async () => {
    const [first, second] = await Promise.all([
      hashSecret(keyed('user:password')),
      hashSecret(keyed('user:password')),
    ]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/);
    expect(second).not.toBe(first);
  });

  test('is judged slowly once for each token, and at once from then on, whether it fits or not', async () => {
    const credential = credentialOf(await hashSecret(keyed('a token of the sender')));
    for (const [token, fits] of [
      ['a token of the sender', true],
      ['a token of the sendeR', false],
      ['', false],
    ] as const) {
      const first = credential.matches(token);
      expect(first).toBeInstanceOf(Promise);
      expect(await first).toBe(fits);
      expect(credential.matches(token)).toBe(fits);
    }
  });

  test('proven for one hash says nothing of another one', async () => {
    const [mine, yours] = [
      credentialOf(await hashSecret(keyed('same text'))),
      credentialOf(await hashSecret(keyed('other text'))),
    ];
    expect(await mine.matches('same text')).toBe(true);
    expect(await yours.matches('same text')).toBe(false);
    expect(mine.matches('same text')).toBe(true);
  });

  test('whose hash was moved is nobody’s at its new place, also once it is proven at its own', async () => {
    const at = (place: string) => (text: string) => keyed(`${place}/${text}`);
    const verifier = await hashSecret(at('mine')('a token'));
    expect(await credentialWith(verifier, at('mine')).matches('a token')).toBe(true);
    expect(await credentialWith(verifier, at('yours')).matches('a token')).toBe(false);
  });

  test('is not tried for more strangers at once than may wait', async () => {
    const credential = credentialOf(await hashSecret(keyed('the secret')));
    const tries = Array.from({ length: 100 }, (_, index) =>
      Promise.resolve(credential.matches(`guess ${index}`)),
    );
    const results = await Promise.allSettled(tries);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(66);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.every(({ reason }) => reason instanceof Overloaded)).toBe(true);
  });

  test('lets any number of callbacks with one token wait for one answer', async () => {
    const credential = credentialOf(await hashSecret(keyed('the token of a busy sender')));
    const tries = Array.from({ length: 500 }, () => credential.matches('the token of a busy sender'));
    expect(new Set(tries).size).toBe(1);
    const answers = await Promise.all(tries.map((one) => Promise.resolve(one)));
    expect(new Set(answers)).toEqual(new Set([true]));
  });

  test('is not judged for good by a try that was turned away', async () => {
    const credential = credentialOf(await hashSecret(keyed('genuine')));
    const strangers = Array.from({ length: 70 }, (_, index) => credential.matches(`stranger ${index}`));
    await expect(credential.matches('genuine')).rejects.toBeInstanceOf(Overloaded);
    await Promise.allSettled(strangers.map((one) => Promise.resolve(one)));
    expect(await credential.matches('genuine')).toBe(true);
  });
});

describe('a generated secret that is only compared', () => {
  const credential = credentialOf(keyedVerifier(keyed('whsec_random')));

  test('is kept as its keyed hash, told apart from the slow ones', () => {
    expect(keyedVerifier(keyed('whsec_random'))).toMatch(/^hmac-sha256:[A-Za-z0-9+/]{43}=$/);
  });

  test('is compared at once', () => {
    expect(
      ['whsec_random', 'whsec_randon', 'whsec_random ', ''].map((text) => credential.matches(text)),
    ).toEqual([true, false, false, false]);
  });

  test('is nobody’s under another key', () => {
    const elsewhere = credentialWith(keyedVerifier(keyed('whsec_random')), (text) =>
      createHmac('sha256', 'another pepper').update(text).digest(),
    );
    expect(elsewhere.matches('whsec_random')).toBe(false);
  });
});

test.each(['', 'hmac-sha256:', 'hmac-sha256:AAAA', '$argon2i$v=19$', 'whsec_random', '$2b$10$x'])(
  'a stored form like %p is matched by nothing',
  async (verifier) => {
    for (const text of ['', 'whsec_random', verifier])
      expect(await credentialOf(verifier).matches(text)).toBe(false);
  },
);
