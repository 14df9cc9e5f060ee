import { Overloaded } from '#database';
import { credentialOf, hashSecret } from './compared-secret.js';

describe('a secret that is only compared', () => {
  test('is kept as an argon2id hash of the agreed cost, another one each time', async () => {
    const [first, second] = await Promise.all([hashSecret('user:password'), hashSecret('user:password')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/);
    expect(second).not.toBe(first);
  });

  test('is proven slowly once, at once from then on, and never for another token', async () => {
    const credential = credentialOf(await hashSecret('a token of the sender'));
    const first = credential.matches('a token of the sender');
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toBe(true);
    expect(credential.matches('a token of the sender')).toBe(true);
    expect(await credential.matches('a token of the sendeR')).toBe(false);
    expect(await credential.matches('')).toBe(false);
  });

  test('proven for one hash says nothing of another one', async () => {
    const [mine, yours] = [
      credentialOf(await hashSecret('same text')),
      credentialOf(await hashSecret('other text')),
    ];
    expect(await mine.matches('same text')).toBe(true);
    expect(await yours.matches('same text')).toBe(false);
  });

  test('is not tried for more strangers at once than may wait', async () => {
    const credential = credentialOf(await hashSecret('the secret'));
    const tries = Array.from({ length: 100 }, (_, index) =>
      Promise.resolve(credential.matches(`guess ${index}`)),
    );
    const results = await Promise.allSettled(tries);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(66);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.every(({ reason }) => reason instanceof Overloaded)).toBe(true);
  });
});
