import { aboutDelivery, forwardable, hopsOf, replaceHeaders } from './delivery-headers.js';

const names = (headers: readonly (readonly [string, string])[]) => headers.map(([name]) => name);

describe('the headers that are passed on', () => {
  test('keep their order, their spelling and their repetitions', () => {
    const headers = [
      ['X-B', '1'],
      ['x-a', '2'],
      ['Content-TYPE', 'text/plain'],
      ['X-B', '3'],
      ['Authorization', 'Bearer x'],
      ['cookie', 'a=b'],
      ['Content-Encoding', 'gzip'],
    ] as const;
    expect(forwardable(headers)).toEqual(headers);
  });

  test('are without those of the connection, and those that the connection header names', () => {
    const headers = [
      ['Host', 'inbox'],
      ['Connection', 'keep-alive, X-Only-Here'],
      ['Keep-Alive', 'timeout=5'],
      ['x-only-here', '1'],
      ['Transfer-Encoding', 'chunked'],
      ['TE', 'trailers'],
      ['Trailer', 'x'],
      ['Upgrade', 'h2c'],
      ['Proxy-Connection', 'close'],
      ['Proxy-Authenticate', 'Basic'],
      ['Content-Length', '5'],
      ['Expect', '100-continue'],
      ['X-Kept', '1'],
    ] as const;
    expect(names(forwardable(headers))).toEqual(['X-Kept']);
  });

  test('are without forged ones of ours', () => {
    const forged = [
      ['callbox-event-id', '1'],
      ['Callbox-Attempt', '9'],
      ['CALLBOX-ANYTHING', 'x'],
      ['Callbox-Signature', 'aa'],
    ] as const;
    expect(forwardable(forged)).toEqual([]);
  });

  test('keep the signature of a scheme that signs in a header called like ours', () => {
    const headers = [
      ['Callbox-Signature', 'aa'],
      ['callbox-event-id', '1'],
    ] as const;
    expect(forwardable(headers, ['Callbox-Signature'])).toEqual([['Callbox-Signature', 'aa']]);
  });
});

test('added headers replace all of the same name, however it is spelled', () => {
  const headers = [
    ['Upstash-Signature', 'old'],
    ['X-A', '1'],
    ['upstash-signature', 'older'],
  ] as const;
  expect(replaceHeaders(headers, [['Upstash-Signature', 'new']])).toEqual([
    ['X-A', '1'],
    ['Upstash-Signature', 'new'],
  ]);
});

test('a delivery says what it is', () => {
  const delivery = {
    id: '019ab0f5-4a7e-7000-8000-000000000001',
    event_id: '019ab0f5-4a7e-7000-8000-000000000002',
    attempt_number: 3,
  };
  const receivedAt = new Date('2026-11-22T12:00:00.123Z');
  expect(Object.fromEntries(aboutDelivery(delivery, { sourceSlug: 'qstash', receivedAt, hops: 1 }))).toEqual({
    'callbox-event-id': '01KARFAJKYE008000000000002',
    'callbox-delivery-id': '01KARFAJKYE008000000000001',
    'callbox-attempt': '3',
    'callbox-source': 'qstash',
    'callbox-received-at': '2026-11-22T12:00:00.123Z',
    'callbox-hops': '1',
  });
});

test.each([
  [[], 0],
  [[['Callbox-Hops', '2']], 2],
  [[['callbox-hops', 'many']], 0],
  [[['callbox-hops', '-1']], 0],
] as [[string, string][], number][])(
  'a callback with %j has come through %i inboxes',
  (headers, expected) => {
    expect(hopsOf(headers)).toBe(expected);
  },
);
