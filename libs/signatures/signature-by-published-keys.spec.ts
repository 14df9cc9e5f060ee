import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { type PublishedDocuments, refused, signatureByPublishedKeys } from './index.js';
import { keyOf, post } from './request.fixture.js';

const NOW_SECONDS = 1_790_000_000;
const CLOCK = { nowMs: NOW_SECONDS * 1000 };
const scheme = signatureByPublishedKeys({
  header: 'X-Signature',
  algorithm: 'EdDSA',
  encoding: 'hex-any-case',
  keysUrl: 'https://provider.example/jwks.json',
  content: '${id}\n${header:X-User-Id}\n${timestamp}\n${bodySha256}',
  id: { header: 'X-Request-Id' },
  timestamp: { header: 'X-Timestamp', unit: 'seconds', toleranceSeconds: 300 },
  recipient: { header: 'X-User-Id', pattern: /^\w{4,}$/ },
});
const keys = [keyOf(scheme, 'user_two', 'two'), keyOf(scheme, 'user_one', 'one')];

const [first, second, stranger] = [1, 2, 3].map(() => generateKeyPairSync('ed25519'));
if (first === undefined || second === undefined || stranger === undefined) throw new Error('no keys');
const setOf = (...published: readonly KeyObject[]) =>
  Buffer.from(JSON.stringify({ keys: published.map((key) => key.export({ format: 'jwk' })) }));
const both = setOf(first.publicKey, second.publicKey);

interface Message {
  readonly user?: string;
  readonly time?: number;
  readonly signer?: KeyObject;
}

function request({ user = 'user_one', time = NOW_SECONDS, signer = second?.privateKey }: Message = {}) {
  if (signer === undefined) throw new Error('no signer');
  const content = `request-1\n${user}\n${time}\n${hash('sha256', '{}', 'hex')}`;
  return post('{}', [
    ['X-Request-Id', 'request-1'],
    ['X-User-Id', user],
    ['X-Timestamp', String(time)],
    ['X-Signature', sign(null, Buffer.from(content), signer).toString('hex')],
  ]);
}

/** Hands out documents in turn, the last one for ever, and notes what it was asked. */
function publisher(
  ...documents: readonly (Buffer | null)[]
): PublishedDocuments & { readonly asked: string[] } {
  const asked: string[] = [];
  const published: PublishedDocuments = (url, wanted) => {
    asked.push(`${wanted} ${url}`);
    return Promise.resolve(documents[Math.min(asked.length, documents.length) - 1] ?? null);
  };
  return Object.assign(published, { asked });
}

describe('a signature by one of the published keys', () => {
  test('is accepted for the user it names, with the key that expects this user', async () => {
    const published = publisher(both);
    expect(await scheme.verify(request(), keys, CLOCK, published)).toEqual({
      ok: true,
      keyId: 'one',
      signedAtMs: CLOCK.nowMs,
    });
    expect(published.asked).toEqual(['cached https://provider.example/jwks.json']);
  });

  test('is refused for a user whom nobody expects, however well it is signed', async () => {
    const verdict = await scheme.verify(request({ user: 'user_three' }), keys, CLOCK, publisher(both));
    expect(verdict).toEqual(refused('claim_invalid'));
  });

  test('is looked for in the refreshed set when none of the kept keys fits', async () => {
    const rotated = publisher(setOf(first.publicKey), both);
    expect(await scheme.verify(request(), keys, CLOCK, rotated)).toMatchObject({ ok: true });
    const same = publisher(both);
    expect(await scheme.verify(request({ signer: stranger.privateKey }), keys, CLOCK, same)).toEqual(
      refused('signature_mismatch'),
    );
    expect(same.asked).toHaveLength(2);
  });

  test.each<[document: Buffer | null]>([[null], [Buffer.from('<html>')], [Buffer.from('{"keys":1}')]])(
    'is refused when the set is %s',
    async (document) => {
      expect(await scheme.verify(request(), keys, CLOCK, publisher(document))).toEqual(refused('no_secret'));
      expect(await scheme.verify(request(), keys, CLOCK)).toEqual(refused('no_secret'));
    },
  );

  test('is refused when it is stale, when anything of it is altered, and with nobody to expect', async () => {
    const judged = async (altered: ReturnType<typeof request>) => {
      const verdict = await scheme.verify(altered, keys, CLOCK, publisher(both));
      return verdict.ok ? 'accepted' : verdict.reason;
    };
    expect(await judged(request({ time: NOW_SECONDS - 301 }))).toBe('timestamp_outside_tolerance');
    expect(await judged({ ...request(), body: Buffer.from('[]') })).toBe('signature_mismatch');
    for (const [name] of request().headers) {
      const headers = request().headers.map(
        ([other, value]) => [other, other === name ? '1' : value] as const,
      );
      expect(['signature_mismatch', 'signature_malformed']).toContain(
        await judged({ ...request(), headers }),
      );
      const without = request().headers.filter(([other]) => other !== name);
      expect(await judged({ ...request(), headers: without })).toBe('signature_missing');
    }
    expect(await scheme.verify(request(), [], CLOCK, publisher(both))).toEqual(refused('no_secret'));
  });

  test.each(['', ' ', 'abc', 'user one', 'user_one\n'])('expects nobody called %j', (text) => {
    expect(scheme.prepareKey(text).ok).toBe(false);
  });
});
