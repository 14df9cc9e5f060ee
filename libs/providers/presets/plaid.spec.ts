import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublishedDocuments } from '#signatures';
import { genuineOf, keyOf, type Vector } from '../conformance.fixture.js';
import { plaid } from './plaid.js';

const vectors = JSON.parse(
  readFileSync(join(process.cwd(), 'libs/providers/presets/plaid.vectors.json'), 'utf8'),
) as readonly Vector[];
const [vector] = vectors;
if (vector === undefined) throw new Error('there is no vector of plaid');
const genuine = genuineOf(plaid, vector, 'plaid');
const asked = vector.asked?.[0]?.answer ?? '';

/** The verdict when Plaid answers this. */
async function outcome(answer: string): Promise<string> {
  const published: PublishedDocuments = () => Promise.resolve(Buffer.from(answer));
  const keys = [keyOf(plaid.scheme, genuine.secret)];
  const verdict = await plaid.scheme.verify(genuine.request, keys, { nowMs: genuine.nowMs }, published);
  return verdict.ok ? 'accepted' : verdict.reason;
}

test('a key in force verifies, with expired_at null or absent', async () => {
  expect(await outcome(asked)).toBe('accepted');
  expect(await outcome(asked.replace('"expired_at":null,', ''))).toBe('accepted');
});

test.each([
  ['a key that has expired', asked.replace('"expired_at":null', '"expired_at":1790000000')],
  ['a key that will expire', asked.replace('"expired_at":null', '"expired_at":1990000000')],
  ['an error', '{"error_code":"INVALID_WEBHOOK_VERIFICATION_KEY_ID","error_type":"INVALID_INPUT"}'],
  ['no key', '{"key":null}'],
  ['half a key', '{"key":{"kty":"EC","crv":"P-256"}}'],
  ['no JSON', '<html>'],
  ['no object', 'null'],
])('%s verifies nothing', async (_what, answer) => {
  expect(await outcome(answer)).toBe('no_secret');
});

test('the secret is only ever sent to the environment that the source is set to', async () => {
  const urls: string[] = [];
  const published: PublishedDocuments = (url) => {
    urls.push(url);
    return Promise.resolve(null);
  };
  for (const environment of ['production', 'sandbox']) {
    const scheme = plaid.configuration?.scheme?.({ environment });
    if (scheme === undefined) throw new Error('plaid has no settings');
    await scheme.verify(
      genuine.request,
      [keyOf(scheme, genuine.secret)],
      { nowMs: genuine.nowMs },
      published,
    );
  }
  expect([...new Set(urls)]).toEqual([
    'https://production.plaid.com/webhook_verification_key/get',
    'https://sandbox.plaid.com/webhook_verification_key/get',
  ]);
});
