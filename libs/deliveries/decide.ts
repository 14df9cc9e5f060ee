/** Seconds to wait after each failed attempt; after the last one the delivery has failed. About three days in all. */
export const DEFAULT_SCHEDULE_SECONDS: readonly number[] = [
  5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

const JITTER = 0.1;
const DAY_SECONDS = 86_400;

/** What an attempt came to. */
export interface AttemptResult {
  /** `null` when no answer came. */
  readonly statusCode: number | null;
  /** A stable code when no whole answer came, else `null`. */
  readonly error: string | null;
  /** Value of the answer's `Retry-After`, if any. */
  readonly retryAfter: string | null;
  /** Whether another attempt would be useless, e.g. by the provider's own rules: QStash's 489. */
  readonly isFinal: boolean;
}

/** What happens to a delivery after an attempt. */
export type Decision =
  | { readonly status: 'succeeded' }
  | { readonly status: 'failed'; readonly pauseDestination: boolean }
  | { readonly status: 'pending'; readonly delayMs: number };

interface Facts {
  /** Attempts made so far, this one included. */
  readonly attemptCount: number;
  /** The destination's own schedule; `null`: the default. */
  readonly scheduleSeconds: readonly number[] | null;
  readonly nowMs: number;
  /** From 0 up to 1. */
  readonly random: number;
}

/** Decides, from the result of an attempt, whether and when there is another one. Pure. */
export function decide(result: AttemptResult, facts: Facts): Decision {
  const { statusCode } = result;
  if (result.error === null && statusCode !== null && statusCode >= 200 && statusCode < 300)
    return { status: 'succeeded' };
  if (statusCode === 410) return { status: 'failed', pauseDestination: true };
  if (result.isFinal) return { status: 'failed', pauseDestination: false };
  const delaySeconds = (facts.scheduleSeconds ?? DEFAULT_SCHEDULE_SECONDS)[facts.attemptCount - 1];
  if (delaySeconds === undefined) return { status: 'failed', pauseDestination: false };
  const asked = retryAfterSeconds(result.retryAfter, facts.nowMs);
  const delayMs = asked === null ? delaySeconds * (1 + JITTER * facts.random) * 1_000 : asked * 1_000;
  return { status: 'pending', delayMs: Math.round(delayMs) };
}

/**
 * `Retry-After` as seconds or as an HTTP date (RFC 9110 section 10.2.3), from a second to a day; anything else says nothing.
 */
function retryAfterSeconds(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const text = value.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((httpDateMs(text) - nowMs) / 1_000);
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 1), DAY_SECONDS);
}

const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** Only the three forms of RFC 9110 section 5.6.7: `Date.parse` makes a time of nearly any text with a number. */
function httpDateMs(text: string): number {
  if (!HTTP_DATES.some((form) => form.test(text))) return NaN;
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
