import type { Scheme } from '#signatures';
import type { Finding } from './finding.js';
import type { Fit } from './fit.js';
import { claimedTimeMs } from './tokens.js';
import type { Trials } from './trials.js';

const MOST_CHARACTERS = 4_096;
/** As seconds this is far away. */
const MILLISECONDS_FROM = 1e11;
/** A signed time so far from now is no wrong clock but another unit. */
const FAR_MS = 20 * 365 * 24 * 60 * 60 * 1_000;

/** A time that is too far away. */
export type ClockFinding = Extract<Finding, { kind: 'clock' }>;

/** Whether the time of a signature that is right otherwise is too far from when it came, and by how much. */
export async function clockFinding(
  trials: Trials,
  scheme: Scheme,
  { request, keys, signedAtMs }: Pick<Fit, 'request' | 'keys' | 'signedAtMs'>,
): Promise<ClockFinding | null> {
  const { facts, refused } = trials;
  const tolerance = facts.toleranceSeconds;
  const clock = {
    nowMs: refused.receivedAtMs,
    ...(tolerance === undefined ? {} : { toleranceSeconds: tolerance }),
  };
  const judged = await scheme.verify(request, keys, clock, facts.published);
  // What was too early by less than the time that has passed since is in time by now.
  const wasOutside = judged.ok && refused.reason === 'timestamp_outside_tolerance';
  if (!wasOutside && (judged.ok || judged.reason !== 'timestamp_outside_tolerance')) return null;
  return describe(trials, signedAtMs ?? claimedTimeMs(trials.token, 'iat'));
}

/**
 * The same where verifying again would take too long: the signature is right, for the inbox has verified it, and the time
 * is looked for in its headers.
 */
export function clockFindingOfVerified(trials: Trials): ClockFinding {
  const { facts, refused, token } = trials;
  const names = facts.scheme.signatureHeaders.map((name) => name.toLowerCase());
  const values = refused.request.headers.filter(([name]) => names.includes(name.toLowerCase()));
  const times = values.flatMap(([, value]) => timesIn(value));
  const toleranceMs = (facts.toleranceSeconds ?? facts.scheme.defaultToleranceSeconds ?? 0) * 1_000;
  const isOutside = (timeMs: number): boolean => Math.abs(refused.receivedAtMs - timeMs) > toleranceMs;
  const usual = times.map(({ likelyMs }) => likelyMs).find(isOutside);
  // One that is near enough must have been read in another unit.
  const other = times.map(({ otherwiseMs }) => otherwiseMs).find(isOutside);
  return describe(trials, claimedTimeMs(token, 'iat') ?? usual ?? other ?? null);
}

/** A time in the unit that its size speaks for, and in the other one. */
interface ReadTime {
  readonly likelyMs: number;
  readonly otherwiseMs: number;
}

function timesIn(value: string): ReadTime[] {
  if (value.length > MOST_CHARACTERS) return [];
  const numbers = [...value.matchAll(/(?<![\w.])\d{9,13}(?![\w.])/g)].map(([digits]) => Number(digits));
  const dateMs = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : NaN;
  const times = numbers.map((number) => {
    const asSecondsMs = number * 1_000;
    return number > MILLISECONDS_FROM
      ? { likelyMs: number, otherwiseMs: asSecondsMs }
      : { likelyMs: asSecondsMs, otherwiseMs: number };
  });
  return Number.isNaN(dateMs) ? times : [...times, { likelyMs: dateMs, otherwiseMs: dateMs }];
}

function describe({ refused, facts, token }: Trials, signedAtMs: number | null): ClockFinding {
  const { receivedAtMs } = refused;
  const allowed = facts.toleranceSeconds ?? facts.scheme.defaultToleranceSeconds ?? 0;
  const clock = (cause: string, isUnit = false): ClockFinding => ({ kind: 'clock', cause, isUnit });
  if (signedAtMs !== null && Math.abs(receivedAtMs - signedAtMs) > FAR_MS)
    return clock(inOtherUnit(receivedAtMs, signedAtMs), true);
  const expiredMs = receivedAtMs - (claimedTimeMs(token, 'exp') ?? Infinity);
  const earlyMs = (claimedTimeMs(token, 'nbf') ?? -Infinity) - receivedAtMs;
  const made = signedAtMs === null ? '' : `, and was made ${seconds(receivedAtMs - signedAtMs)} before that`;
  if (expiredMs >= -1_000 && expiredMs !== -Infinity)
    return clock(`The token had expired ${seconds(expiredMs)} before the callback was received${made}`);
  if (earlyMs > 0)
    return clock(`The token becomes valid only ${seconds(earlyMs)} after the callback was received`);
  if (signedAtMs === null) return clock('The signed time is too far from when the callback was received');
  const skewMs = receivedAtMs - signedAtMs;
  const side = skewMs >= 0 ? 'before' : 'after';
  return clock(
    `The signature is right, but was made ${seconds(Math.abs(skewMs))} ${side} the callback was received; ${allowed} seconds are allowed`,
  );
}

/** A time that would be near in another unit, or one that is far away in any. */
function inOtherUnit(receivedAtMs: number, signedAtMs: number): string {
  const near = (timeMs: number): boolean => Math.abs(receivedAtMs - timeMs) < FAR_MS;
  if (near(signedAtMs / 1_000)) return 'The signed time is in milliseconds; seconds are expected';
  if (near(signedAtMs * 1_000)) return 'The signed time is in seconds; milliseconds are expected';
  return `The signed time is far away, or in another unit: it reads as ${new Date(clamped(signedAtMs)).toISOString()}`;
}

function seconds(ms: number): string {
  if (ms > 0 && ms < 500) return 'less than a second';
  const rounded = Math.max(0, Math.round(ms / 1_000));
  return `${rounded} second${rounded === 1 ? '' : 's'}`;
}

function clamped(timeMs: number): number {
  return Math.min(Math.max(timeMs, 0), 8.64e15);
}
