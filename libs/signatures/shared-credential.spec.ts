import fc from 'fast-check';
import { basic, bearer, sharedToken } from './index.js';
import type { Credential, HeaderPairs, Key, Scheme } from './index.js';
import { keyOf, post } from './request.fixture.js';

const TOKEN = 'a-token-of-some-length';
const CLOCK = { nowMs: 0 };
const refusal = (reason: string) => ({ ok: false, reason });

function verifier(scheme: Scheme<Credential>, plainSecret = TOKEN) {
  const keys = [keyOf(scheme, 'some-other-secret:x', 'other'), keyOf(scheme, plainSecret, 'mine')];
  return (headers: HeaderPairs, url?: string) => scheme.verify(post('{}', headers, url), keys, CLOCK);
}

describe('a token in a header', () => {
  const verify = verifier(sharedToken({ header: 'X-Gitlab-Token' }));

  test('is compared with every key', () => {
    expect(verify([['x-gitlab-token', TOKEN]])).toEqual({ ok: true, keyId: 'mine', signedAtMs: null });
  });

  test.each<[what: string, headers: HeaderPairs, reason: string]>([
    ['missing', [], 'authorization_missing'],
    ['empty', [['X-Gitlab-Token', '']], 'authorization_mismatch'],
    ['another', [['X-Gitlab-Token', 'another-token']], 'authorization_mismatch'],
    ['cut', [['X-Gitlab-Token', TOKEN.slice(1)]], 'authorization_mismatch'],
    ['longer', [['X-Gitlab-Token', `${TOKEN} `]], 'authorization_mismatch'],
    ['in capitals', [['X-Gitlab-Token', TOKEN.toUpperCase()]], 'authorization_mismatch'],
    [
      'given twice',
      [
        ['X-Gitlab-Token', TOKEN],
        ['x-gitlab-token', TOKEN],
      ],
      'authorization_mismatch',
    ],
    ['endless', [['X-Gitlab-Token', TOKEN.repeat(500)]], 'authorization_mismatch'],
  ])('is refused when it is %s', (_what, headers, reason) => {
    expect(verify(headers)).toEqual(refusal(reason));
  });

  test('may stand behind a word', () => {
    const behind = verifier(sharedToken({ header: 'Authorization', prefix: 'Token ' }));
    expect(behind([['Authorization', `Token ${TOKEN}`]])).toMatchObject({ ok: true });
    expect(behind([['Authorization', TOKEN]])).toEqual(refusal('authorization_mismatch'));
  });

  test('accepts nothing but itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(text !== TOKEN);
        expect(verify([['X-Gitlab-Token', text]])).toEqual(refusal('authorization_mismatch'));
      }),
    );
  });
});

describe('a token in the query', () => {
  const verify = verifier(sharedToken({ query: 'token' }), 'to+ken&of some length');
  const at = (query: string) => verify([], `https://inbox.example/in/acme/x${query}`);

  test('is read as the URL standard reads it, and only once', () => {
    expect(at('?a=1&token=to%2Bken%26of+some%20length')).toMatchObject({ ok: true, keyId: 'mine' });
    expect(at('')).toEqual(refusal('authorization_missing'));
    expect(at('?Token=to%2Bken%26of+some+length')).toEqual(refusal('authorization_missing'));
    expect(at('?token=')).toEqual(refusal('authorization_mismatch'));
    expect(at('?token=to%2Bken%26of+some+length&token=x')).toEqual(refusal('authorization_mismatch'));
    expect(verify([], 'no url')).toEqual(refusal('authorization_missing'));
  });
});

describe('Bearer', () => {
  const verify = verifier(bearer());

  test.each([
    [`Bearer ${TOKEN}`, true],
    [`bearer ${TOKEN}`, true],
    [`BEARER ${TOKEN}`, true],
    [`Bearer  ${TOKEN}`, false],
    [`Bearer\t${TOKEN}`, false],
    [`Bearer${TOKEN}`, false],
    [`Basic ${TOKEN}`, false],
    [TOKEN, false],
    ['Bearer ', false],
    ['Bearer', false],
  ])('%j is accepted: %s', (value, isAccepted) => {
    expect(verify([['Authorization', value]]).valueOf()).toEqual(
      isAccepted ? { ok: true, keyId: 'mine', signedAtMs: null } : refusal('authorization_mismatch'),
    );
  });
});

describe('Basic', () => {
  const verify = verifier(basic(), 'user:pass:wörd');
  const encoded = (text: string) => Buffer.from(text).toString('base64');

  test.each([
    [`Basic ${encoded('user:pass:wörd')}`, true],
    [`basic ${encoded('user:pass:wörd')}`, true],
    [`Basic ${encoded('user:pass:wörd').replace(/=+$/, '')}A`, false],
    [`Basic ${encoded('user:pass')}`, false],
    [`Basic ${encoded('User:pass:wörd')}`, false],
    [`Basic ${Buffer.from('user:pass:wörd', 'latin1').toString('base64')}`, false],
    ['Basic user:pass:wörd', false],
    ['Basic ', false],
  ])('%j is accepted: %s', (value, isAccepted) => {
    expect(verify([['Authorization', value]])).toEqual(
      isAccepted ? { ok: true, keyId: 'mine', signedAtMs: null } : refusal('authorization_mismatch'),
    );
  });

  test('needs a user and a password', () => {
    expect(basic().prepareKey('password-without-user').ok).toBe(false);
    expect(basic().prepareKey(':password-without-user').ok).toBe(false);
  });
});

describe('the secret of a credential', () => {
  test.each(['', ' ', 'short', `${TOKEN}\n`, 'x'.repeat(2000)])('is never %j', (plainSecret) => {
    for (const scheme of [bearer(), sharedToken({ header: 'X-Token' })])
      expect(scheme.prepareKey(plainSecret).ok).toBe(false);
  });

  test('fails closed when there is none', () => {
    const request = post('{}', [['Authorization', 'Bearer undefined']]);
    expect(bearer().verify(request, [], CLOCK)).toEqual(refusal('no_secret'));
  });

  test('may be a slow hash, which is asked as a promise and in order', async () => {
    const asked: string[] = [];
    const slow = (id: string, isMatch: boolean): Key<Credential> => ({
      id,
      material: {
        matches: (presented) => {
          asked.push(`${id}:${presented}`);
          return Promise.resolve(isMatch);
        },
      },
    });
    const request = post('{}', [['Authorization', `Bearer ${TOKEN}`]]);
    const verdict = await bearer().verify(
      request,
      [slow('a', false), slow('b', true), slow('c', true)],
      CLOCK,
    );
    expect(verdict).toEqual({ ok: true, keyId: 'b', signedAtMs: null });
    expect(asked).toEqual([`a:${TOKEN}`, `b:${TOKEN}`]);
    expect(await bearer().verify(request, [slow('a', false)], CLOCK)).toEqual(
      refusal('authorization_mismatch'),
    );
  });
});

test('a token in the body is read from JSON, a form field or JSON in a form field', async () => {
  const verify = async (place: Parameters<typeof sharedToken>[0], body: string) => {
    const scheme = sharedToken(place);
    const verdict = await scheme.verify(post(body), [keyOf(scheme, 'a-passcode')], { nowMs: 0 });
    return verdict.ok ? 'accepted' : verdict.reason;
  };
  expect(await verify({ json: '/passcode' }, '{"passcode":"a-passcode"}')).toBe('accepted');
  expect(await verify({ json: '/passcode' }, '{"passcode":"b-passcode"}')).toBe('authorization_mismatch');
  expect(await verify({ json: '/passcode' }, '{"passcode":{}}')).toBe('authorization_mismatch');
  expect(await verify({ json: '/passcode' }, '{}')).toBe('authorization_missing');
  expect(await verify({ form: 'token' }, 'token=a-passcode')).toBe('accepted');
  expect(await verify({ form: 'token' }, 'token=a-passcode&token=a-passcode')).toBe('authorization_mismatch');
  expect(await verify({ form: 'data#/token' }, `data=${encodeURIComponent('{"token":"a-passcode"}')}`)).toBe(
    'accepted',
  );
});
