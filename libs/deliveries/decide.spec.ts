import { type AttemptResult, decide, DEFAULT_SCHEDULE_SECONDS, signOf } from './decide.js';

const NOW_MS = Date.parse('2026-11-22T12:00:00.000Z');

function result(part: Partial<AttemptResult>): AttemptResult {
  return { statusCode: 500, error: null, headers: [], isFinal: false, ...part };
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
    const gone = result({ statusCode: 410, headers: [['Retry-After', '5']] });
    expect(decide(gone, facts({ attemptCount: 99 }))).toEqual({ status: 'failed', pauseDestination: true });
  });

  test('489 that says it is not to be retried fails at once and pauses nothing', () => {
    const headers: AttemptResult['headers'] = [
      ['Retry-After', '5'],
      ['upstash-nonretryable-error', 'True'],
    ];
    const failed = { status: 'failed', pauseDestination: false };
    expect(decide(result({ statusCode: 489, headers }), facts())).toEqual(failed);
    expect(decide(result({ statusCode: 489, headers, error: 'timeout' }), facts())).toEqual(failed);
  });

  test.each<[number, string]>([
    [500, 'true'],
    [489, 'false'],
  ])('%i with Upstash-NonRetryable-Error: %s is tried again', (statusCode, value) => {
    const answer = result({ statusCode, headers: [['Upstash-NonRetryable-Error', value]] });
    expect(decide(answer, facts())).toMatchObject({ status: 'pending' });
  });

  test('what is final whatever came back fails at once', () => {
    const final = result({ statusCode: null, error: 'loop_detected', isFinal: true });
    expect(decide(final, facts())).toEqual({ status: 'failed', pauseDestination: false });
  });

  test('an answer that asks to wait and broke off is waited for', () => {
    const brokenOff = result({ statusCode: 429, error: 'timeout', headers: [['Retry-After', '30']] });
    expect(decide(brokenOff, facts())).toEqual({ status: 'pending', delayMs: 30_000 });
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

describe('what an answer asks for', () => {
  const asking = (headers: AttemptResult['headers']) => result({ statusCode: 503, headers });

  test('counts in place of the schedule, without jitter', () => {
    const decision = decide(asking([['Retry-After', '120']]), facts({ random: 0.5 }));
    expect(decision).toEqual({ status: 'pending', delayMs: 120_000 });
  });

  test('does not prolong an exhausted schedule', () => {
    const last = decide(asking([['Retry-After', '5']]), facts({ attemptCount: 10 }));
    expect(last).toEqual({ status: 'failed', pauseDestination: false });
  });
});

describe('what an attempt says of its destination', () => {
  test.each([
    [200, null, 'success'],
    [299, null, 'success'],
    [302, null, 'answer'],
    [404, null, 'answer'],
    [410, null, 'answer'],
    [429, null, 'answer'],
    [500, null, 'unavailable'],
    [503, null, 'unavailable'],
    [null, 'timeout', 'unavailable'],
    [null, 'connection_refused', 'unavailable'],
    [200, 'connection_reset', 'unavailable'],
    [null, 'loop_detected', null],
    [null, 'preparation_failed', null],
    [null, 'request_invalid', null],
  ])('status %p and error %p: %p', (statusCode, error, sign) => {
    expect(signOf({ statusCode, error })).toBe(sign);
  });
});
