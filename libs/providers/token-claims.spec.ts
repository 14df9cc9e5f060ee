import { parseJson } from '#signatures';
import type { Callback } from './preset.js';
import { tokenClaim } from './token-claims.js';

const token = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

function callback(text: string): Callback {
  const body = Buffer.from(text);
  return { method: 'POST', url: 'https://inbox.example/', headers: [], body, json: parseJson(body) };
}

describe('a claim of the token in a callback', () => {
  const inner = JSON.stringify({ id: 'evt_1', note: 'José' });
  const nested = token({ data: JSON.stringify({ eventType: 'created', data: inner }), iat: 7 });

  test('is read where the body is the token, through JSON in texts as deep as it is told', () => {
    expect(tokenClaim('body', '/iat')(callback(nested))).toBe('7');
    expect(tokenClaim('body', '/data', '/eventType')(callback(nested))).toBe('created');
    expect(tokenClaim('body', '/data', '/data', '/id')(callback(nested))).toBe('evt_1');
    expect(tokenClaim('body', '/data', '/data', '/note')(callback(nested))).toBe('José');
  });

  test('is read where the token stands in a JSON body', () => {
    const body = JSON.stringify({ signedPayload: token({ notificationUUID: 'n-1' }) });
    expect(tokenClaim({ json: '/signedPayload' }, '/notificationUUID')(callback(body))).toBe('n-1');
  });

  test.each([
    '',
    'no token',
    'a.b.c',
    '{}',
    '[]',
    token(null),
    token([]),
    token({ data: 1 }),
    token({ data: '{' }),
    token({ data: { data: { id: 'not in a text' } } }),
  ])('is nothing in %j', (body) => {
    expect(tokenClaim('body', '/data', '/data', '/id')(callback(body))).toBeNull();
    expect(tokenClaim({ json: '/signedPayload' }, '/id')(callback(body))).toBeNull();
  });

  test('is only read by a pointer', () => {
    expect(() => tokenClaim('body', 'data')).toThrow(RangeError);
    expect(() => tokenClaim({ json: 'x' }, '/a')).toThrow(RangeError);
  });
});
