import { askedDelaySeconds } from './asked-delay.js';

/** Seconds to wait after each failed attempt; after the last one the delivery has failed. About three days in all. */
export const DEFAULT_SCHEDULE_SECONDS: readonly number[] = [
  5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

const JITTER = 0.1;

/** What an attempt came to. */
export interface AttemptResult {
  /** `null` when no answer came. */
  readonly statusCode: number | null;
  /** A stable code when no whole answer came, else `null`. */
  readonly error: string | null;
  /** Those of the answer; what it asks for by them is heard. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether another attempt would be useless whatever came back, e.g. of a callback that goes in circles. */
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
  if (result.isFinal || isNonRetryable(result)) return { status: 'failed', pauseDestination: false };
  const delaySeconds = (facts.scheduleSeconds ?? DEFAULT_SCHEDULE_SECONDS)[facts.attemptCount - 1];
  if (delaySeconds === undefined) return { status: 'failed', pauseDestination: false };
  const asked = askedDelaySeconds(result, facts.nowMs);
  const delayMs = asked === null ? delaySeconds * (1 + JITTER * facts.random) * 1_000 : asked * 1_000;
  return { status: 'pending', delayMs: Math.round(delayMs) };
}

/**
 * Apps built with Upstash Workflow and QStash say so of any request (https://upstash.com/docs/qstash/features/retry); no other meaning of 489
 * is registered.
 */
function isNonRetryable({ statusCode, headers }: AttemptResult): boolean {
  return (
    statusCode === 489 &&
    headers.some(
      ([name, value]) =>
        name.toLowerCase() === 'upstash-nonretryable-error' && value.trim().toLowerCase() === 'true',
    )
  );
}

/**
 * What an attempt says of its destination: it took the delivery, it answered something else, or it is not there now
 * (no whole answer, or a 5xx). `null`: nothing, for it was never asked.
 */
export type Sign = 'success' | 'answer' | 'unavailable';

/** Failures that are the request's, or ours, and say nothing of the destination. */
const NOT_ASKED: readonly (string | null)[] = ['loop_detected', 'preparation_failed', 'request_invalid'];

/** Reads the {@link Sign} in the result of an attempt. Pure. */
export function signOf({ statusCode, error }: Pick<AttemptResult, 'statusCode' | 'error'>): Sign | null {
  if (NOT_ASKED.includes(error)) return null;
  if (error !== null || statusCode === null || statusCode >= 500) return 'unavailable';
  return statusCode >= 200 && statusCode < 300 ? 'success' : 'answer';
}
