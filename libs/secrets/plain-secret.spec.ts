import { hmac } from '#signatures';
import { hintOf, newPlainSecret, refuseUnusable } from './plain-secret.js';
import type { SecretHolder, SecretUse } from './secret-use.js';

const holder: SecretHolder = {
  id: 'source',
  scheme: hmac({ header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' }),
  secretSource: 'either',
  secretPrefix: null,
  bearer: 'possible',
};

/** What is said against a text, or `null`. */
function objection(use: SecretUse, text?: string, more: Partial<SecretHolder> = {}): string | null {
  try {
    refuseUnusable({ ...holder, ...more }, use, newPlainSecret(text));
    return null;
  } catch (error) {
    expect(error).toMatchObject({ code: 'secret_invalid' });
    return (error as Error).message;
  }
}

describe('a bearer token', () => {
  test.each(['x', 'a-token', 'whsec_AAAA+/=', '~!"#$%', 'x'.repeat(512)])('may be %j', (text) => {
    expect(objection('bearer', text)).toBeNull();
  });

  test.each([
    '',
    ' ',
    'two words',
    'a\ttab',
    'line\n',
    ' before',
    'after ',
    'über',
    '😀',
    'a\u007f',
    'x'.repeat(513),
  ])('may not be %j, which no header carries unchanged, and the refusal does not repeat it', (text) => {
    const detail = objection('bearer', text);
    expect(detail).toMatch(/1 to 512 printable ASCII/);
    if (text.trim() !== '') expect(detail).not.toContain(text);
  });

  test('may be made here for every provider but those whose own credentials stand in Authorization', () => {
    for (const secretSource of ['generated', 'imported', 'either', 'none'] as const)
      expect(objection('bearer', undefined, { secretSource })).toBeNull();
    expect(objection('bearer', undefined, { bearer: 'impossible' })).toMatch(/Authorization/);
  });
});

describe('a secret of a signature', () => {
  test('must be one that the scheme can use', () => {
    expect(objection('signature', 'a secret with blanks, über')).toBeNull();
    expect(objection('signature', 'short')).toMatch(/shorter than/);
  });

  test('is imported where the provider makes it, and none where it has none', () => {
    expect(objection('signature', undefined, { secretSource: 'imported' })).toMatch(/plain_secret/);
    expect(objection('signature', undefined, { secretSource: 'imported', bearer: 'required' })).toMatch(
      /use: "bearer"/,
    );
    expect(objection('signature', 'x'.repeat(40), { secretSource: 'none' })).toMatch(/no callback secrets/);
  });
});

test('a generated secret is 256 random bits that are a text for every use', () => {
  const [one, two] = [newPlainSecret(undefined), newPlainSecret(undefined)];
  expect(one.text).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(two.text).not.toBe(one.text);
  expect(one.isGenerated).toBe(true);
});

test('a hint is the last 4 characters, and nothing of a text of which that would be more than half', () => {
  expect(['12345678', 'whsec_abcd'].map((text) => hintOf(newPlainSecret(text)))).toEqual(['5678', 'abcd']);
  expect(['1234567', '1234', '1'].map((text) => hintOf(newPlainSecret(text)))).toEqual(['', '', '']);
});
