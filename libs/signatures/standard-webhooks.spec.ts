import { createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { standardWebhooks, standardWebhooksAsymmetric, SVIX_HEADERS, WEBHOOK_HEADERS } from './index.js';
import type { HeaderPairs } from './index.js';
import { keyOf, post } from './request.fixture.js';

const NOW_SECONDS = 1_700_000_000;
const CLOCK = { nowMs: NOW_SECONDS * 1000 };
const RAW = Buffer.alloc(24, 7);
const SECRET = `whsec_${RAW.toString('base64')}`;

const scheme = standardWebhooks();
const keys = [keyOf(scheme, SECRET)];

const hmacOf = (content: string | Buffer, key: Buffer = RAW) =>
  createHmac('sha256', key).update(content).digest('base64');

function headersOf(changes: { id?: string; timestamp?: string; signature?: string } = {}): HeaderPairs {
  const { id = 'msg_1', timestamp = String(NOW_SECONDS) } = changes;
  return [
    ['webhook-id', id],
    ['webhook-timestamp', timestamp],
    ['webhook-signature', changes.signature ?? `v1,${hmacOf(`${id}.${timestamp}.{}`)}`],
  ];
}

const verify = (headers: HeaderPairs, body: string | Buffer = '{}') =>
  scheme.verify(post(body, headers), keys, CLOCK);

describe('Standard Webhooks', () => {
  test.each([
    '1795309044abc',
    '.9',
    ' 1700000000',
    '+1700000000',
    '1.7e9',
    '1700000000.0',
    '0x6553f100',
    '-1',
    '',
    '9007199254740992000',
  ])('trap of standardwebhooks 1.x: the time %j is refused although it is signed', (timestamp) => {
    expect(verify(headersOf({ timestamp }))).toEqual({ ok: false, reason: 'signature_malformed' });
  });

  test('a time in milliseconds is in the far future', () => {
    expect(verify(headersOf({ timestamp: String(CLOCK.nowMs) }))).toEqual({
      ok: false,
      reason: 'timestamp_outside_tolerance',
    });
  });

  test.each(['msg.1', 'msg\n1', 'msg\0', 'msg 1', 'é', '', 'x'.repeat(257), 'x'.repeat(10_000)])(
    'the id %j is refused, so that what is signed is never ambiguous',
    (id) => {
      expect(verify(headersOf({ id }))).toEqual({ ok: false, reason: 'signature_malformed' });
    },
  );

  test('a signature cannot be moved between id and time', () => {
    const signature = `v1,${hmacOf(`a.${NOW_SECONDS}.${NOW_SECONDS}.{}`)}`;
    expect(verify(headersOf({ id: 'a', signature }), `${NOW_SECONDS}.{}`)).toMatchObject({ ok: true });
    expect(verify(headersOf({ id: `a.${NOW_SECONDS}`, signature })).ok).toBe(false);
  });

  test('trap of standardwebhooks 1.x: bytes that are no UTF-8 are not the bytes they decode to', () => {
    const body = Buffer.from('22ff22', 'hex');
    const signature = `v1,${hmacOf(Buffer.concat([Buffer.from(`msg_1.${NOW_SECONDS}.`), body]))}`;
    expect(verify(headersOf({ signature }), body)).toMatchObject({ ok: true });
    expect(verify(headersOf({ signature }), Buffer.from('22fe22', 'hex'))).toEqual({
      ok: false,
      reason: 'signature_mismatch',
    });
  });

  test('trap of standardwebhooks 1.x: a good signature over what is no JSON is a good signature', () => {
    const signature = `v1,${hmacOf(`msg_1.${NOW_SECONDS}.not json`)}`;
    expect(verify(headersOf({ signature }), 'not json')).toMatchObject({ ok: true });
  });

  const genuine = hmacOf(`msg_1.${NOW_SECONDS}.{}`);
  const wrong = Buffer.alloc(32).toString('base64');

  test.each([
    [`v1,${wrong} v1,${genuine}`, true],
    [`v2,${wrong} v1,${genuine}`, true],
    [`v1a,${Buffer.alloc(64).toString('base64')} v1,${genuine}`, true],
    [`v2,${genuine}`, false],
    [`v1a,${genuine}`, false],
    [`v1=${genuine}`, false],
    [`v1,${genuine},v1,${genuine}`, false],
    [`v1,${genuine} `, true],
    [`V1,${genuine}`, false],
    [`v1,${genuine.slice(0, -1)}`, false],
    [`v1,${genuine.replaceAll('+', '-').replaceAll('/', '_').replace('=', '')}`, false],
    [`v1,${Buffer.from(genuine, 'base64').toString('hex')}`, false],
    [`v1, ${genuine}`, false],
    [genuine, false],
  ])('the signature header %j is accepted: %s', (signature, isAccepted) => {
    expect(verify(headersOf({ signature })).ok).toBe(isAccepted);
  });

  test('every subset of its three headers but the whole is refused', () => {
    const all = headersOf();
    for (let subset = 0; subset < 7; subset += 1) {
      const some = all.filter((_, index) => (subset >> index) & 1);
      expect(verify(some)).toEqual({ ok: false, reason: 'signature_missing' });
    }
  });

  test('a redelivery keeps the id of the message and renews time and signature', () => {
    const stored = post('{}', headersOf({ timestamp: '1600000000' }));
    const fresh = scheme.sign(stored, keys, CLOCK);
    expect(fresh).toEqual([
      ['webhook-signature', `v1,${genuine}`],
      ['webhook-timestamp', String(NOW_SECONDS)],
      ['webhook-id', 'msg_1'],
    ]);
  });

  test('a message without an id gets one, each time another', () => {
    const idOf = () => scheme.sign(post('{}'), keys, CLOCK).find(([name]) => name === 'webhook-id')?.[1];
    expect(idOf()).toMatch(/^msg_[\w-]{24}$/);
    expect(idOf()).not.toBe(idOf());
  });
});

describe('the secret of Standard Webhooks', () => {
  const prepare = (plainSecret: string) => standardWebhooks().prepareKey(plainSecret).ok;

  test('trap of standardwebhooks 1.0.0, which takes whsec_ for an empty key: ours does not, so nobody can sign with it', () => {
    expect(prepare('whsec_')).toBe(false);
    const forged = headersOf({ signature: `v1,${hmacOf(`msg_1.${NOW_SECONDS}.{}`, Buffer.alloc(0))}` });
    expect(verify(forged)).toEqual({ ok: false, reason: 'signature_mismatch' });
    expect(scheme.verify(post('{}', forged), [], CLOCK)).toEqual({ ok: false, reason: 'no_secret' });
  });

  test.each([
    ['24 bytes', `whsec_${Buffer.alloc(24).toString('base64')}`, true],
    ['64 bytes', `whsec_${Buffer.alloc(64).toString('base64')}`, true],
    ['23 bytes', `whsec_${Buffer.alloc(23).toString('base64')}`, false],
    ['65 bytes', `whsec_${Buffer.alloc(65).toString('base64')}`, false],
    ['no prefix', RAW.toString('base64'), true],
    ['the prefix of Supabase', `v1,${SECRET}`, true],
    ['another prefix', `whpk_${RAW.toString('base64')}`, false],
    ['the URL alphabet', `whsec_${'-_'.repeat(16)}`, false],
    ['blanks inside', `whsec_${RAW.toString('base64').replace(/^(.{8})/, '$1 ')}`, false],
  ])('with %s is taken: %#', (_what, plainSecret, isTaken) => {
    expect(prepare(plainSecret)).toBe(isTaken);
  });

  test('can be a text where a sender uses its bytes', () => {
    const polar = standardWebhooks({
      secret: { decode: 'text', stripPrefixes: [], minimumBytes: 16, maximumBytes: 256 },
    });
    const [signature] = polar.sign(post('{}', headersOf()), [keyOf(polar, 'polar_whs_0123456789')], CLOCK);
    expect(signature?.[1]).toBe(
      `v1,${hmacOf(`msg_1.${NOW_SECONDS}.{}`, Buffer.from('polar_whs_0123456789'))}`,
    );
  });
});

describe('the two spellings of Svix', () => {
  const svix = standardWebhooks({ headers: [SVIX_HEADERS, WEBHOOK_HEADERS] });
  const svixKeys = [keyOf(svix, SECRET)];
  const renamed = headersOf().map(([name, value]) => [name.replace('webhook', 'svix'), value] as const);

  test('are both verified, and a redelivery keeps the one that came', () => {
    for (const headers of [headersOf(), renamed]) {
      expect(svix.verify(post('{}', headers), svixKeys, CLOCK)).toMatchObject({ ok: true });
      const names = svix.sign(post('{}', headers), svixKeys, CLOCK).map(([name]) => name);
      expect([...names].sort()).toEqual(headers.map(([name]) => name).sort());
    }
    expect(svix.sign(post('{}'), svixKeys, CLOCK)[0]?.[0]).toBe('svix-signature');
  });

  test('are not mixed', () => {
    const mixed: HeaderPairs = [...renamed.slice(0, 2), ...headersOf().slice(2)];
    expect(svix.verify(post('{}', mixed), svixKeys, CLOCK)).toEqual({
      ok: false,
      reason: 'signature_missing',
    });
  });

  test('stand-ins of one do not hide a wrong signature in the other', () => {
    const both: HeaderPairs = [
      ...headersOf(),
      ...renamed.slice(0, 2),
      ['svix-signature', `v1,${Buffer.alloc(32).toString('base64')}`],
    ];
    expect(svix.verify(post('{}', both), svixKeys, CLOCK)).toEqual({
      ok: false,
      reason: 'signature_mismatch',
    });
  });
});

describe('Standard Webhooks with a key pair', () => {
  const asymmetric = standardWebhooksAsymmetric();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const publicKeys = [keyOf(asymmetric, `whpk_${raw.toString('base64')}`)];

  test('is not verified by an HMAC that uses the public key as its secret', () => {
    for (const version of ['v1', 'v1a']) {
      const headers = headersOf({ signature: `${version},${hmacOf(`msg_1.${NOW_SECONDS}.{}`, raw)}` });
      expect(asymmetric.verify(post('{}', headers), publicKeys, CLOCK)).toEqual({
        ok: false,
        reason: 'signature_malformed',
      });
    }
  });

  test('is verified by the key alone, and nothing here can sign', () => {
    const signature = signBytes(null, Buffer.from(`msg_1.${NOW_SECONDS}.{}`), privateKey).toString('base64');
    const headers = headersOf({ signature: `v1a,${signature}` });
    expect(asymmetric.verify(post('{}', headers), publicKeys, CLOCK)).toMatchObject({ ok: true });
    expect(verify(headers)).toEqual({ ok: false, reason: 'signature_malformed' });
    expect(asymmetric).not.toHaveProperty('sign');
  });
});
