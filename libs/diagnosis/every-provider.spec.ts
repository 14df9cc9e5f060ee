import { findPreset } from '#providers';
import type { SignedRequest } from '#signatures';
import { diagnose } from './diagnose.js';
import { aSecret, factsOf } from './facts.fixture.js';
import type { Diagnosis, DiagnosisFacts, KnownSecret } from './refused.js';
import { type Genuine, genuineCallbacks } from './vectors.fixture.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Their signature covers some values only, or stands at the end of the form: this change makes no difference, or another one. */
const UNMOVED_BY_NEWLINE = ['paypro-global'];
/** They sign twice, in two headers: without the one, the other is found. */
const SIGNING_TWICE = ['attio', 'flexport', 'scrapfly'];

interface Change {
  readonly request?: Partial<SignedRequest>;
  readonly secrets?: readonly KnownSecret[];
  readonly nowMs?: number;
}

/** What a callback with a mistake in it is found to be; `null` where its scheme takes it all the same. */
async function found(genuine: Genuine, change: Change): Promise<Diagnosis | null> {
  const { preset, scheme, published } = genuine;
  const secrets = change.secrets ?? [aSecret(genuine.secret, { id: 'own' })];
  const nowMs = change.nowMs ?? genuine.nowMs;
  const request = { ...genuine.request, ...change.request };
  const keys = secrets.flatMap(({ id, standing, plainSecret }) => {
    const prepared = scheme.prepareKey(plainSecret ?? '');
    return standing === 'active' && prepared.ok ? [{ id, material: prepared.material }] : [];
  });
  const verdict = await scheme.verify(request, keys, { nowMs }, published);
  if (verdict.ok) return null;
  const facts: DiagnosisFacts = {
    preset,
    scheme,
    keys,
    published,
    toleranceSeconds: undefined,
    maxBodyBytes: 1_000_000,
    secrets: () => Promise.resolve(secrets),
    showUrl: (url) => url,
  };
  return diagnose({ reason: verdict.reason, request, receivedAtMs: nowMs }, facts);
}

function indented(body: Buffer): Buffer | null {
  try {
    const document = JSON.parse(body.toString()) as unknown;
    // What is not written as JSON.stringify does has lost its spelling: nobody could find it again.
    return JSON.stringify(document) === body.toString()
      ? Buffer.from(JSON.stringify(document, null, 2))
      : null;
  } catch {
    return null;
  }
}

test('there are callbacks of many providers, and all are right', async () => {
  expect(genuineCallbacks.length).toBeGreaterThan(200);
  for (const [id, genuine] of genuineCallbacks) expect([id, await found(genuine, {})]).toEqual([id, null]);
});

describe.each(genuineCallbacks)('%s', (id, genuine) => {
  const { request, scheme, secret, otherSecret, nowMs } = genuine;

  test('a newline more is told, where the body is signed', async () => {
    const body = Buffer.concat([request.body, Buffer.from('\n')]);
    const diagnosis = await found(genuine, { request: { body } });
    if (diagnosis === null || UNMOVED_BY_NEWLINE.includes(id)) return;
    expect(diagnosis).toMatchObject({
      code: 'body_reserialized',
      cause: expect.stringContaining('newline') as string,
    });
  });

  test('a body that was serialised again is told, where it is signed', async () => {
    const body = indented(request.body);
    const diagnosis = body === null ? null : await found(genuine, { request: { body } });
    if (diagnosis !== null) expect(diagnosis.code).toBe('body_reserialized');
  });

  if (otherSecret !== null)
    test('the secret of another source is told by its label', async () => {
      const theirs = aSecret(secret, {
        id: 'theirs',
        label: 'Theirs',
        standing: 'other_source',
        sourceSlug: 'shop',
      });
      const diagnosis = await found(genuine, { secrets: [aSecret(otherSecret, { id: 'own' }), theirs] });
      expect(diagnosis).toMatchObject({
        code: 'other_secret',
        cause: expect.stringContaining('“Theirs” of the source shop') as string,
      });
      expect(JSON.stringify(diagnosis)).not.toContain(secret);
    });

  if (scheme.signsTimestamp)
    test('that it comes late is told, with the seconds', async () => {
      const diagnosis = await found(genuine, { nowMs: nowMs + 20 * DAY_MS });
      if (diagnosis !== null)
        expect(diagnosis).toMatchObject({
          code: 'clock_skew',
          cause: expect.stringMatching(/17\d{5} seconds/) as string,
        });
    });

  test('another URL is told, where it is signed', async () => {
    const url = request.url.replace('https://', 'http://');
    const diagnosis = await found(genuine, { request: { url } });
    if (diagnosis !== null)
      expect(diagnosis).toMatchObject({
        code: 'url_mismatch',
        cause: expect.stringContaining('scheme') as string,
      });
  });

  if (scheme.signatureHeaders.length > 0)
    test('that nothing is signed is told, and not taken for another provider’s', async () => {
      const names = scheme.signatureHeaders.map((name) => name.toLowerCase());
      const headers = request.headers.filter(([name]) => !names.includes(name.toLowerCase()));
      const diagnosis = await found(genuine, { request: { headers } });
      expect(diagnosis?.code).toBe(SIGNING_TWICE.includes(id) ? 'wrong_header' : 'not_signed');
    });

  const [first = 'authorization'] = scheme.signatureHeaders;
  if (first.toLowerCase() !== 'authorization' && id !== 'callbox')
    test('sent to a source of Callbox’s own, it is told to be another provider’s', async () => {
      const facts = factsOf({ provider: 'callbox', secrets: [aSecret('a-secret-of-our-own')] });
      const diagnosis = await diagnose({ reason: 'signature_missing', request, receivedAtMs: nowMs }, facts);
      expect(diagnosis.code).toBe('wrong_provider');
    });
});

test('providers with headers of their own are named', async () => {
  const facts = factsOf({ provider: 'callbox', secrets: [aSecret('a-secret-of-our-own')] });
  const wanted = [
    'github',
    'stripe',
    'slack',
    'shopify',
    'twilio',
    'qstash',
    'runflow',
    'discord',
    'zoom',
    'paddle',
  ];
  for (const [id, { request, nowMs }] of genuineCallbacks) {
    if (!wanted.includes(id)) continue;
    const { cause } = await diagnose({ reason: 'signature_missing', request, receivedAtMs: nowMs }, facts);
    expect(cause).toContain(findPreset(id)?.name ?? 'a name');
  }
});
