import { createHmac } from 'node:crypto';
import type { HeaderPairs, SignedRequest } from '#signatures';
import { runflow } from './runflow.js';
import type { Callback } from '../preset.js';

const SECRET = 'whsec_TESTonlyRunflowSecret0123456789abcdef';
const clock = { nowMs: Date.UTC(2026, 0, 1) };

/** Computed by running Runflow's own sample handlers against signatures made with this secret. */
const VECTORS: readonly (readonly [name: string, body: Buffer, signature: string])[] = [
  ['an empty body', Buffer.alloc(0), '8162e75d18f4689c7fe3b2710b609927be78afe69fe9adfdf90e117898c65813'],
  ['an empty object', Buffer.from('{}'), 'f75fe8bb9ead2b2b2d437746e2696983710e0d9ce240b444d12bd8e88f0ff6d7'],
  [
    'text beyond ASCII',
    Buffer.from('{"n":"José 😀"}'),
    '9694a66cc23b98631fd3a4b715eecd6f034f2038e901c25a0fe0e2fa1631083d',
  ],
  [
    'bytes that are no text',
    Buffer.from('fffe0080c328', 'hex'),
    '8f22e5f056e8614444f75af6893e9defdcd7c13e4a1bd683b5f9798b54cd25b0',
  ],
];

function key(plainSecret = SECRET, id = 'secret-1') {
  const prepared = runflow.scheme.prepareKey(plainSecret);
  if (!prepared.ok) throw new Error(prepared.problem);
  return { id, material: prepared.material };
}

function request(body: Buffer, headers: HeaderPairs): SignedRequest {
  return { method: 'POST', url: 'https://inbox.example/in/acme/runflow', headers, body };
}

describe('the Runflow preset', () => {
  test.each(VECTORS)('verifies the vector of %s', async (_name, body, signature) => {
    const verdict = await runflow.scheme.verify(
      request(body, [['runflow-signature', signature]]),
      [key()],
      clock,
    );
    expect(verdict).toEqual({ ok: true, keyId: 'secret-1', signedAtMs: null });
  });

  test.each(VECTORS)('signs %s as Runflow does', async (_name, body, signature) => {
    expect(await runflow.scheme.sign?.(request(body, []), [key()], clock)).toEqual([
      ['Runflow-Signature', signature],
    ]);
  });

  const body = Buffer.from('{"event":"run.completed"}');
  const genuine = createHmac('sha256', SECRET).update(body).digest('hex');
  const withoutPrefix = createHmac('sha256', SECRET.slice('whsec_'.length)).update(body).digest('hex');

  test.each([
    ['upper-case hex', genuine.toUpperCase(), 'signature_malformed'],
    ['a prefix', `sha256=${genuine}`, 'signature_malformed'],
    ['two signatures in one value', `${genuine},${genuine}`, 'signature_malformed'],
    ['a shortened signature', genuine.slice(0, 62), 'signature_malformed'],
    ['a trailing blank', `${genuine} `, 'signature_malformed'],
    ['a trailing line feed', `${genuine}\n`, 'signature_malformed'],
    ['an empty value', '', 'signature_malformed'],
    ['base64', Buffer.from(genuine, 'hex').toString('base64'), 'signature_malformed'],
    ['a signature made without whsec_ in the key', withoutPrefix, 'signature_mismatch'],
  ])('refuses %s', async (_name, value, reason) => {
    const verdict = await runflow.scheme.verify(
      request(body, [['Runflow-Signature', value]]),
      [key()],
      clock,
    );
    expect(verdict).toEqual({ ok: false, reason });
  });

  test('refuses two header lines, equal ones too', async () => {
    const twice: HeaderPairs = [
      ['Runflow-Signature', genuine],
      ['runflow-signature', genuine],
    ];
    const verdict = await runflow.scheme.verify(request(body, twice), [key()], clock);
    expect(verdict).toEqual({ ok: false, reason: 'signature_malformed' });
  });

  test('refuses a body that was parsed and written again', async () => {
    const sent = Buffer.from('{"created_at":"2026-01-01T00:00:00+00:00"}');
    const signature = createHmac('sha256', SECRET).update(sent).digest('hex');
    const rewritten = Buffer.from('{"created_at":"2026-01-01T00:00:00Z"}');
    const verdict = await runflow.scheme.verify(
      request(rewritten, [['Runflow-Signature', signature]]),
      [key()],
      clock,
    );
    expect(verdict).toEqual({ ok: false, reason: 'signature_mismatch' });
  });

  test('tells a missing header from a missing secret', async () => {
    expect(await runflow.scheme.verify(request(body, []), [key()], clock)).toEqual({
      ok: false,
      reason: 'signature_missing',
    });
    expect(await runflow.scheme.verify(request(body, []), [], clock)).toEqual({
      ok: false,
      reason: 'no_secret',
    });
  });

  test('signs with the first key only, because apps read one signature', async () => {
    const other = key('whsec_anotherRunflowSecret0123456789abcdef', 'secret-2');
    const headers = (await runflow.scheme.sign?.(request(body, []), [key(), other], clock)) ?? [];
    expect(headers).toEqual([['Runflow-Signature', genuine]]);
  });

  test.each(['', 'whsec_', '   ', ` ${SECRET}`, `${SECRET}\n`])('refuses %j as a secret', (plainSecret) => {
    expect(runflow.scheme.prepareKey(plainSecret).ok).toBe(false);
  });
});

describe('what is read from a Runflow callback', () => {
  const callback = (json: unknown): Callback => ({ ...request(Buffer.alloc(0), []), json });

  test('knows a callback again by its run and event', () => {
    const found = callback({ event: 'run.completed', run_id: 'run_1', status: 'completed' });
    expect(runflow.eventId?.(found)).toBe('run_1:run.completed');
    expect(runflow.eventType?.(found)).toBe('run.completed');
    expect(runflow.runId?.(found)).toBe('run_1');
  });

  test('takes the batch for the run where there is one', () => {
    const found = callback({ event: 'batch.succeeded', batch_id: 'batch_1' });
    expect(runflow.eventId?.(found)).toBe('batch_1:batch.succeeded');
    expect(runflow.runId?.(found)).toBe('batch_1');
  });

  test.each([undefined, null, 'text', [], {}, { run_id: 'run_1' }, { event: 'run.completed' }])(
    'finds no event id in %j',
    (json) => {
      expect(runflow.eventId?.(callback(json))).toBeNull();
    },
  );
});
