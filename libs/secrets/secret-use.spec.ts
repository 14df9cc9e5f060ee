import { hmac, type Scheme, sharedToken, unsigned } from '#signatures';
import { isCompared, type SecretHolder, type SecretUse, useOf } from './secret-use.js';

const NOW = 1_000_000;
const TEXT = 'a text of some length 0123';
const scheme: Scheme = hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' });
const holder: SecretHolder = {
  id: 'source',
  scheme,
  secretSource: 'either',
  secretPrefix: 'sig_',
  bearer: 'required',
};
const sibling = (use: SecretUse, expiresAtMs?: number) => ({
  use,
  expires_at: expiresAtMs === undefined ? null : new Date(expiresAtMs),
});
const told = (
  plainSecret: string | undefined,
  siblings: readonly ReturnType<typeof sibling>[] = [],
  more: Partial<SecretHolder> = {},
) => useOf({ ...holder, ...more }, { plainSecret }, siblings, NOW);

describe('what a new secret is for', () => {
  test.each(['required', 'possible', 'impossible'] as const)(
    'is what the user says (bearer %s)',
    (bearer) => {
      for (const use of ['signature', 'bearer'] as const)
        for (const plainSecret of [undefined, TEXT, 'short', 'sig_0123456789abcdef'])
          expect(useOf({ ...holder, bearer }, { use, plainSecret }, [sibling('signature')], NOW)).toBe(use);
    },
  );

  test('is the signature where no bearer token is required, whatever the text is', () => {
    for (const bearer of ['possible', 'impossible'] as const)
      for (const text of [undefined, TEXT, 'short'])
        expect(told(text, [sibling('signature')], { bearer })).toBe('signature');
  });

  test('is the signature for the first text, and the token for the next', () => {
    expect(told(TEXT)).toBe('signature');
    expect(told(TEXT, [sibling('signature')])).toBe('bearer');
    expect(told(TEXT, [sibling('signature'), sibling('bearer')])).toBe('signature');
    expect(told(TEXT, [sibling('bearer')])).toBe('signature');
  });

  test('does not go by secrets that have expired', () => {
    expect(told(TEXT, [sibling('signature', NOW)])).toBe('signature');
    expect(told(TEXT, [sibling('signature'), sibling('bearer', NOW)])).toBe('bearer');
    expect(told(TEXT, [sibling('signature', NOW + 1), sibling('bearer', NOW + 1)])).toBe('signature');
  });

  test('is the token where the provider could not sign with the text', () => {
    expect(told('short')).toBe('bearer');
    expect(told('short', [sibling('bearer')])).toBe('bearer');
  });

  test('is the signature for a second text that begins like the provider’s', () => {
    expect(told('sig_0123456789abcdef', [sibling('signature')])).toBe('signature');
    expect(told('sig_0123456789abcdef', [sibling('signature')], { secretPrefix: null })).toBe('bearer');
  });

  test('is the signature for one that is to be made here, and the token where nothing else is possible', () => {
    expect(told(undefined, [sibling('signature')])).toBe('signature');
    for (const text of [undefined, TEXT])
      expect(told(text, [], { scheme: unsigned(), secretSource: 'none' })).toBe('bearer');
  });
});

test('bearer tokens and credentials that a sender repeats are compared only, keys of signatures are computed with', () => {
  expect(isCompared(holder, 'bearer')).toBe(true);
  expect(isCompared(holder, 'signature')).toBe(false);
  const repeated: SecretHolder = { ...holder, scheme: sharedToken({ header: 'X-Token' }) };
  expect(isCompared(repeated, 'signature')).toBe(true);
});
