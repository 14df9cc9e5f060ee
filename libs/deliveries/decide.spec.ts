import { type AttemptResult, decide, DEFAULT_SCHEDULE_SECONDS } from './decide.js';

const NOW_MS = Date.parse('2026-11-22T12:00:00.000Z');
const DAY_MS = 86_400_000;

function result(part: Partial<AttemptResult>): AttemptResult {
  return { statusCode: 500, error: null, retryAfter: null, isFinal: false, ...part };
}

function facts(part: Partial<Parameters<typeof decide>[1]> = {}): Parameters<typeof decide>[1] {
  return { attemptCount: 1, scheduleSeconds: null, nowMs: NOW_MS, random: 0, ...part };
}

describe('the outcome of an attempt', () => {
  test.each([200, 201, 202, 204, 226, 299])('%i is success', (statusCode) => {
    expect(decide(result({ statusCode }), facts())).toEqual({ status: 'succeeded' });
  });

  test.each([
    300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 408, 409, 413, 422, 429, 489, 500, 502, 503, 504, 599,
  ])('%i is tried again', (statusCode) => {
    expect(decide(result({ statusCode }), facts())).toEqual({ status: 'pending', delayMs: 5_000 });
  });

  test.each(['timeout', 'connection_refused', 'dns_failed', 'interrupted', 'preparation_failed'])(
    'no answer (%s) is tried again',
    (error) => {
      expect(decide(result({ statusCode: null, error }), facts())).toMatchObject({ status: 'pending' });
    },
  );

  test('an answer that began with 200 and broke off is tried again', () => {
    const brokenOff = result({ statusCode: 200, error: 'connection_reset' });
    expect(decide(brokenOff, facts())).toMatchObject({ status: 'pending' });
  });

  test('410 fails at once and pauses the destination', () => {
    expect(decide(result({ statusCode: 410 }), facts())).toEqual({
      status: 'failed',
      pauseDestination: true,
    });
  });

  test('410 pauses also after the last attempt and whatever Retry-After says', () => {
    const gone = result({ statusCode: 410, retryAfter: '5' });
    expect(decide(gone, facts({ attemptCount: 99 }))).toEqual({ status: 'failed', pauseDestination: true });
  });

  test('what the provider calls final, like 489 of QStash, fails at once and pauses nothing', () => {
    const final = result({ statusCode: 489, isFinal: true, retryAfter: '5' });
    expect(decide(final, facts())).toEqual({ status: 'failed', pauseDestination: false });
  });
});

describe('the schedule', () => {
  test('is 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h by default', () => {
    const hours = [2, 5, 10, 14, 20, 24].map((count) => count * 3_600);
    expect(DEFAULT_SCHEDULE_SECONDS).toEqual([5, 300, 1_800, ...hours]);
    const delays = DEFAULT_SCHEDULE_SECONDS.map((_, index) =>
      decide(result({}), facts({ attemptCount: index + 1 })),
    );
    expect(delays).toEqual(
      DEFAULT_SCHEDULE_SECONDS.map((seconds) => ({ status: 'pending', delayMs: seconds * 1_000 })),
    );
  });

  test('ends in failure after its last delay', () => {
    expect(decide(result({}), facts({ attemptCount: 10 }))).toEqual({
      status: 'failed',
      pauseDestination: false,
    });
  });

  test.each([
    [[], 1, { status: 'failed', pauseDestination: false }],
    [[0], 1, { status: 'pending', delayMs: 0 }],
    [[0], 2, { status: 'failed', pauseDestination: false }],
    [[7, 9], 2, { status: 'pending', delayMs: 9_000 }],
    [[7, 9], 3, { status: 'failed', pauseDestination: false }],
  ])('of its own %j decides attempt %i', (scheduleSeconds, attemptCount, expected) => {
    expect(decide(result({}), facts({ scheduleSeconds, attemptCount }))).toEqual(expected);
  });

  test.each([
    [0, 300_000],
    [0.5, 315_000],
    [0.999, 329_970],
  ])('gets up to 10 %% jitter added, never taken away (random %f)', (random, delayMs) => {
    expect(decide(result({}), facts({ attemptCount: 2, random }))).toEqual({ status: 'pending', delayMs });
  });
});

describe('Retry-After', () => {
  const delayFor = (retryAfter: string, nowMs = NOW_MS) => {
    const decision = decide(result({ statusCode: 503, retryAfter }), facts({ nowMs, random: 0.5 }));
    return decision.status === 'pending' ? decision.delayMs : decision;
  };
  const SCHEDULED_MS = 5_250;

  test.each([
    ['1', 1_000],
    ['120', 120_000],
    [' 120 ', 120_000],
    ['86400', DAY_MS],
    // Never at once, and never later than a day.
    ['0', 1_000],
    ['86401', DAY_MS],
    ['315360000', DAY_MS],
    ['99999999999999999999999999', DAY_MS],
  ])('of %j seconds waits exactly so long, from a second to a day', (value, delayMs) => {
    expect(delayFor(value)).toBe(delayMs);
  });

  test.each([
    ['Sun, 22 Nov 2026 12:02:00 GMT', 120_000],
    ['Sunday, 22-Nov-26 12:02:00 GMT', 120_000],
    ['Sun Nov 22 12:02:00 2026', 120_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 1_000],
    ['Sun, 22 Nov 2036 12:00:00 GMT', DAY_MS],
  ])('of the date %j waits until then, from a second to a day', (value, delayMs) => {
    expect(delayFor(value)).toBe(delayMs);
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
  ])('of %j says nothing: the schedule holds', (value) => {
    expect(delayFor(value)).toBe(SCHEDULED_MS);
  });

  test('does not prolong an exhausted schedule', () => {
    const last = decide(result({ statusCode: 503, retryAfter: '5' }), facts({ attemptCount: 10 }));
    expect(last).toEqual({ status: 'failed', pauseDestination: false });
  });
});
