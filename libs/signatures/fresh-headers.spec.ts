import { createHmac } from 'node:crypto';
import { hmac, withFreshHeaders } from './index.js';
import { keyOf, post, withHeaders } from './request.fixture.js';

const CLOCK = { nowMs: 1_700_000_000_000 };
const FIRST = 'a first example of a secret';
const inner = hmac({
  header: 'X-Signature',
  algorithm: 'sha256',
  encoding: 'hex',
  content: '${header:X-List}.${body}',
});
const scheme = withFreshHeaders(inner, {
  covered: ({ headers }, { nowMs }) => [['X-List', `${headers.length}@${nowMs}`]],
  written: (value, { headers }) => `${value.toUpperCase()} of ${headers.length}`,
});
const keys = [keyOf(scheme, FIRST), keyOf(scheme, 'a second example of a secret')];
const digest = createHmac('sha256', FIRST).update('1@1700000000000.{}').digest('hex');

describe('a signature whose headers depend on the request', () => {
  test('covers the headers it adds, in place of older ones', () => {
    expect(scheme.sign(post('{}', [['x-list', 'of old']]), keys, CLOCK)).toEqual([
      ['X-List', '1@1700000000000'],
      ['X-Signature', `${digest.toUpperCase()} of 1`],
    ]);
  });

  test('is verified as before', () => {
    const request = withHeaders(post('{}', [['X-List', '1@1700000000000']]), [['X-Signature', digest]]);
    expect(scheme.verify(request, keys, CLOCK)).toMatchObject({ ok: true });
  });

  test('sends the one header once that is covered and written', () => {
    const rewritten = withFreshHeaders(inner, {
      covered: () => [
        ['x-signature', 'of old'],
        ['X-List', ''],
      ],
    });
    const names = rewritten.sign(post('{}'), keys, CLOCK).map(([name]) => name);
    expect(names).toEqual(['X-List', 'X-Signature']);
  });
});
