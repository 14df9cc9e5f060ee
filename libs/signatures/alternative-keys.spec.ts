import { createHmac } from 'node:crypto';
import { withAlternativeKeys } from './alternative-keys.js';
import { standardWebhooks } from './standard-webhooks.js';
import type { SignedRequest } from './scheme.js';

const NOW_SECONDS = 1_780_315_200;
const CLOCK = { nowMs: NOW_SECONDS * 1000 };
const BYTES = Buffer.alloc(32, 1);
const SECRET = `whsec_${BYTES.toString('base64')}`;
const scheme = withAlternativeKeys(
  standardWebhooks({ secret: { decode: 'text', stripPrefixes: [], minimumBytes: 16, maximumBytes: 1024 } }),
  standardWebhooks(),
);

function keyOf(plainSecret: string, id: string) {
  const prepared = scheme.prepareKey(plainSecret);
  if (!prepared.ok) throw new Error(prepared.problem);
  return { id, material: prepared.material };
}

const signatureBy = (key: string | Buffer) =>
  `v1,${createHmac('sha256', key).update(`msg_1.${NOW_SECONDS}.{}`).digest('base64')}`;

function signedWith(signature: string): SignedRequest {
  return {
    method: 'POST',
    url: 'https://inbox.example/in/t/s',
    headers: [
      ['webhook-id', 'msg_1'],
      ['webhook-timestamp', String(NOW_SECONDS)],
      ['webhook-signature', signature],
    ],
    body: Buffer.from('{}'),
  };
}

describe('alternative keys of one secret', () => {
  test.each([
    ['the first', SECRET],
    ['the second', BYTES],
  ])('%s key vouches for a request, under the id of the secret', async (_which, key) => {
    const keys = [keyOf('another secret of a sender', 'other'), keyOf(SECRET, 'right')];
    expect(await scheme.verify(signedWith(signatureBy(key)), keys, CLOCK)).toMatchObject({ keyId: 'right' });
  });

  test('a key that neither makes vouches for nothing', async () => {
    const wrong = signatureBy(SECRET.slice('whsec_'.length));
    expect(await scheme.verify(signedWith(wrong), [keyOf(SECRET, 'right')], CLOCK)).toEqual({
      ok: false,
      reason: 'signature_mismatch',
    });
    expect(await scheme.verify(signedWith(wrong), [], CLOCK)).toEqual({ ok: false, reason: 'no_secret' });
  });

  test('a fresh signature is made with every key, those of the current secret first', async () => {
    const other = 'another secret of a sender';
    const fresh = await scheme.sign?.(signedWith(''), [keyOf(SECRET, 'a'), keyOf(other, 'b')], CLOCK);
    expect(new Map(fresh).get('webhook-signature')).toBe(
      [SECRET, BYTES, other].map((key) => signatureBy(key)).join(' '),
    );
  });

  test('a secret that only one of them can use has one key, and one that none can use is refused', () => {
    expect(keyOf('another secret of a sender', 'a').material).toHaveLength(1);
    expect(keyOf(SECRET, 'a').material).toHaveLength(2);
    expect(scheme.prepareKey('short')).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/^the secret is shorter than (8|16) bytes$/),
    });
    expect(scheme.prepareKey('')).toMatchObject({ ok: false, problem: 'the secret is empty' });
  });
});
