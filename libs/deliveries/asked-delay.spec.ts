import { askedDelaySeconds } from './asked-delay.js';

const NOW_MS = Date.parse('2026-11-22T12:00:00.000Z');
const DAY = 86_400;

function asked(statusCode: number | null, headers: Readonly<Record<string, string>>): number | null {
  return askedDelaySeconds({ statusCode, headers: Object.entries(headers) }, NOW_MS);
}

describe('Retry-After', () => {
  test.each([
    ['1', 1],
    ['120', 120],
    [' 120 ', 120],
    ['86400', DAY],
    // Never at once, and never later than a day.
    ['0', 1],
    ['86401', DAY],
    ['315360000', DAY],
    ['99999999999999999999999999', DAY],
    ['Sun, 22 Nov 2026 12:02:00 GMT', 120],
    ['Sunday, 22-Nov-26 12:02:00 GMT', 120],
    ['Sun Nov 22 12:02:00 2026', 120],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 1],
    ['Sun, 22 Nov 2036 12:00:00 GMT', DAY],
  ])('of %j is waited for, from a second to a day', (value, seconds) => {
    for (const status of [302, 404, 429, 500, 503])
      expect(asked(status, { 'Retry-After': value })).toBe(seconds);
  });

  test.each([
    '-5',
    '1.5',
    '',
    'soon',
    'foo 5',
    'Mon, 99 Foo 2026 12:02:00 GMT',
    '2026-11-22T12:02:00Z',
    '1e3',
    '0x10',
    '5, 6',
  ])('of %j says nothing', (value) => {
    expect(asked(503, { 'retry-after': value })).toBeNull();
  });
});

describe('the reset of a quota', () => {
  const epochSeconds = NOW_MS / 1_000;

  test.each([
    ['30', 30],
    ['0.4', 1],
    ['29.2', 30],
    ['86401', DAY],
    [String(epochSeconds + 120), 120],
    [String(epochSeconds + 0.5), 1],
    [String(epochSeconds + 10 * DAY), DAY],
    [String(NOW_MS + 120_000), 120],
    [String(NOW_MS + 10 * DAY * 1_000), DAY],
    ['Sun, 22 Nov 2026 12:02:00 GMT', 120],
    ['2026-11-22T12:02:00Z', 120],
    ['2026-11-22T14:02:00.5+02:00', 121],
  ])(
    'at %j, in seconds to wait or since the epoch or a date, is waited for up to a day',
    (value, seconds) => {
      for (const name of ['X-RateLimit-Reset', 'x-rate-limit-reset', 'RateLimit-Reset'])
        expect([asked(429, { [name]: value }), asked(503, { [name]: value })]).toEqual([seconds, seconds]);
    },
  );

  test.each([
    '0',
    '-1',
    'soon',
    '',
    '1e3',
    '2026-11-22T11:59:59Z',
    '2026-11-22',
    String(epochSeconds - 1),
    String(NOW_MS - 1),
  ])('at %j, in the past or unreadable, says nothing', (value) => {
    expect(asked(429, { 'x-ratelimit-reset': value })).toBeNull();
  });

  test.each([200, 302, 404, 500, 502, null])(
    'says nothing in an answer %p, which is about something else',
    (status) => {
      expect(
        asked(status, { 'x-ratelimit-reset': '30', 'ratelimit-reset': '30', ratelimit: '"a";r=0;t=30' }),
      ).toBeNull();
    },
  );

  test('counts less than Retry-After, and more when that cannot be read', () => {
    expect(asked(429, { 'x-ratelimit-reset': '30', 'retry-after': '7' })).toBe(7);
    expect(asked(429, { 'x-ratelimit-reset': '30', 'retry-after': 'soon' })).toBe(30);
  });

  test.each([
    ['"burst";r=0;t=30', 30],
    ['"burst";r=0;t=30, "daily";r=0;t=400', 400],
    ['"burst";r=0;t=30, "daily";r=12;t=400', 30],
    ['"daily"; r=0; t=999999', DAY],
    ['"burst";r=5;t=30', null],
    ['"burst";r=0', null],
    ['limit=10, remaining=0', null],
  ])('in `RateLimit: %s` is that of the quotas used up', (value, seconds) => {
    expect(asked(429, { RateLimit: value })).toBe(seconds);
  });
});
