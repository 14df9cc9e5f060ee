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
  /** Whether the provider's own rules make this answer final, e.g. QStash's 489. */
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

/** `Retry-After` as seconds or as an HTTP date (RFC 9110 section 10.2.3), within a day; anything else is no answer. */
function retryAfterSeconds(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const text = value.trim();
  const atMs = Date.parse(text);
  const isDate = /^[A-Za-z]{3,9},? /.test(text) && !Number.isNaN(atMs);
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : isDate ? Math.ceil((atMs - nowMs) / 1_000) : null;
  return seconds === null ? null : Math.min(Math.max(seconds, 1), DAY_SECONDS);
}
