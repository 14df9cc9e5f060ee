import type { Scheme, SignedRequest } from '#signatures';
import { Budget, WORK, WORK_LIMIT } from './budget.js';
import { diagnose } from './diagnose.js';
import { aRequest, aSecret, factsOf, NOW_MS } from './facts.fixture.js';
import type { DiagnosisFacts } from './refused.js';

interface Count {
  verifications: number;
  bytes: number;
}

/** Counts what a scheme and all its variants are asked: once for each key, with the length of the body. */
function counted(scheme: Scheme, count: Count): Scheme {
  const verify: Scheme['verify'] = (request, keys, clock, published) => {
    count.verifications += keys.length;
    count.bytes += keys.length * request.body.length;
    return scheme.verify(request, keys, clock, published);
  };
  const { otherwise } = scheme;
  return {
    ...scheme,
    verify,
    ...(otherwise === undefined ? {} : { otherwise: (deviation) => counted(otherwise(deviation), count) }),
  };
}

const others = Array.from({ length: 100 }, (_, index) =>
  aSecret(`secret-of-another-source-${index}`, { id: String(index), standing: 'other_source' }),
);
const facts = factsOf({ provider: 'callbox', secrets: [aSecret('the-secret-of-this-source'), ...others] });
const wrong = ['Callbox-Signature', 'ab'.repeat(32)] as const;

async function workOf(request: SignedRequest, given: DiagnosisFacts = facts): Promise<Count> {
  const count: Count = { verifications: 0, bytes: 0 };
  const reason = request.headers.includes(wrong) ? 'signature_mismatch' : 'signature_missing';
  const scheme = counted(given.scheme, count);
  const diagnosis = await diagnose({ reason, request, receivedAtMs: NOW_MS }, { ...given, scheme });
  expect(diagnosis.fix.length).toBeGreaterThan(10);
  return count;
}

const MOST_VERIFICATIONS = WORK_LIMIT / WORK.furtherKey.compute;

test.each([
  ['a short one', '{"a":1}'],
  ['one of 10 KB', JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, name: 'é/<' })))],
  ['one of 1 MB', JSON.stringify({ a: 'x'.repeat(1_000_000) })],
  ['one that grows when it is indented', `${'['.repeat(32)}${'1,'.repeat(20_000)}1${']'.repeat(32)}`],
  ['one that is nested deeply', '['.repeat(50_000) + ']'.repeat(50_000)],
  ['quotation marks and backslashes', `["${'\\"'.repeat(20_000)}"]`],
  ['no JSON', '{"a":'.repeat(5_000)],
])('whatever body is sent, so much is tried and no more: %s', async (_what, body) => {
  for (const headers of [
    [wrong],
    Array.from({ length: 80 }, (_, at) => [`X-${at}`, 'cd'.repeat(32)] as const),
  ]) {
    const { verifications, bytes } = await workOf(aRequest(body, headers));
    expect(verifications).toBeLessThanOrEqual(MOST_VERIFICATIONS);
    expect(bytes).toBeLessThanOrEqual(WORK_LIMIT / WORK.hashing);
  }
});

test('of a signature by a private key, which is slow to verify, less is tried', async () => {
  const key = Buffer.alloc(32, 9).toString('hex');
  const discord = factsOf({ provider: 'discord', secrets: [aSecret(key)] });
  const headers = [
    wrong,
    ['X-Signature-Ed25519', 'ab'.repeat(64)],
    ['X-Signature-Timestamp', '1790000000'],
  ] as const;
  const { verifications } = await workOf(aRequest('{"a":1}', headers), discord);
  expect(verifications).toBeGreaterThan(1);
  expect(verifications).toBeLessThanOrEqual(WORK_LIMIT / WORK.verification.public);
});

test('a budget gives what it has, and nothing that it has not', () => {
  const budget = new Budget(10);
  expect([budget.spend(4), budget.spend(7), budget.spend(6), budget.spend(1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
