const DAY_SECONDS = 86_400;

/** From here on a number is a time and no number of seconds to wait: a billion seconds are 31 years. */
const FIRST_EPOCH_SECONDS = 1_000_000_000;
const FIRST_EPOCH_MS = 1_000_000_000_000;

/** Too many requests, and not now: only there is the end of a quota what one has to wait for. */
const ABOUT_QUOTAS: readonly (number | null)[] = [429, 503];

const RESET_HEADERS = ['ratelimit-reset', 'x-ratelimit-reset', 'x-rate-limit-reset'];

/** What of an answer tells when to come again. */
interface Answer {
  readonly statusCode: number | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * How many seconds to wait because the answer asks for it, from one to a day; `null`: it does not, so the schedule holds. `Retry-After` counts after
 * every failure. When a quota begins anew (`X-RateLimit-Reset` and its like, which many APIs send with every answer)
 * counts after 429 and 503 only, and where there is no `Retry-After`.
 *
 * @example askedDelaySeconds({ statusCode: 429, headers: [['x-ratelimit-reset', '1795348920']] }, nowMs) // 120
 */
export function askedDelaySeconds(answer: Answer, nowMs: number): number | null {
  const named = (wanted: string): string | null =>
    answer.headers.find(([name]) => name.toLowerCase() === wanted)?.[1].trim() ?? null;
  const retryAfter = retryAfterSeconds(named('retry-after') ?? '', nowMs);
  if (retryAfter !== null) return bounded(Math.max(retryAfter, 1));
  if (!ABOUT_QUOTAS.includes(answer.statusCode)) return null;
  for (const header of RESET_HEADERS) {
    const seconds = resetSeconds(named(header) ?? '', nowMs);
    if (seconds !== null) return bounded(seconds);
  }
  return quotaSeconds(named('ratelimit') ?? '');
}

const bounded = (seconds: number): number => Math.min(Math.ceil(seconds), DAY_SECONDS);

/** `Retry-After` as seconds or as an HTTP date (RFC 9110 section 10.2.3). */
function retryAfterSeconds(text: string, nowMs: number): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  const seconds = (httpDateMs(text) - nowMs) / 1_000;
  return Number.isNaN(seconds) ? null : seconds;
}

/**
 * Seconds to wait (draft-ietf-httpapi-ratelimit-headers-03), or seconds or milliseconds since the epoch, as GitHub and
 * others have it, or a date. One that lies in the past says nothing: its clock is another one than ours.
 */
function resetSeconds(text: string, nowMs: number): number | null {
  const isNumber = /^\d{1,15}(\.\d{1,9})?$/.test(text);
  const value = isNumber ? Number(text) : dateMs(text);
  const seconds =
    value >= FIRST_EPOCH_MS
      ? (value - nowMs) / 1_000
      : value >= FIRST_EPOCH_SECONDS
        ? value - nowMs / 1_000
        : value;
  return seconds > 0 ? seconds : null;
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;

function dateMs(text: string): number {
  return RFC_3339.test(text) ? Date.parse(text.toUpperCase()) : httpDateMs(text);
}

/** `RateLimit: "burst";r=0;t=30` of the later drafts: the longest wait of the quotas that are used up. */
function quotaSeconds(text: string): number | null {
  const waits = text.split(',').flatMap((quota) => {
    const wait = /;\s*t=(\d{1,9})(;|\s|$)/.exec(quota)?.[1];
    return wait !== undefined && /;\s*r=0(;|\s|$)/.test(quota) ? [Number(wait)] : [];
  });
  const longest = Math.max(0, ...waits);
  return longest > 0 ? bounded(longest) : null;
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
