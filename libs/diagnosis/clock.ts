import type { Key, Scheme, SignedRequest } from '#signatures';
import type { Finding } from './finding.js';
import { claimedTimeMs } from './tokens.js';
import type { Trials } from './trials.js';

/** A signed time so far from now is no wrong clock but another unit. */
const FAR_MS = 20 * 365 * 24 * 60 * 60 * 1_000;

/** Whether the time of a signature that is right otherwise is too far from when it came, and by how much. */
export async function clockFinding(
  trials: Trials,
  scheme: Scheme,
  request: SignedRequest,
  keys: readonly Key[],
): Promise<Finding | null> {
  const { facts, refused } = trials;
  const tolerance = facts.toleranceSeconds;
  const clock = {
    nowMs: refused.receivedAtMs,
    ...(tolerance === undefined ? {} : { toleranceSeconds: tolerance }),
  };
  const judged = await scheme.verify(request, keys, clock, facts.published);
  if (judged.ok || judged.reason !== 'timestamp_outside_tolerance') return null;
  const lenient = await trials.verify(scheme, request, keys);
  const signedAtMs = (lenient?.ok === true ? lenient.signedAtMs : null) ?? claimedTimeMs(trials.token, 'iat');
  return describe(trials, signedAtMs);
}

function describe({ refused, facts, token }: Trials, signedAtMs: number | null): Finding {
  const { receivedAtMs } = refused;
  const allowed = facts.toleranceSeconds ?? facts.scheme.defaultToleranceSeconds ?? 0;
  const clock = (cause: string, isUnit = false): Finding => ({ kind: 'clock', cause, isUnit });
  const expiredMs = receivedAtMs - (claimedTimeMs(token, 'exp') ?? Infinity);
  const earlyMs = (claimedTimeMs(token, 'nbf') ?? -Infinity) - receivedAtMs;
  const made = signedAtMs === null ? '' : `, and was made ${seconds(receivedAtMs - signedAtMs)} before that`;
  if (expiredMs >= -1_000 && expiredMs !== -Infinity)
    return clock(`The token had expired ${seconds(expiredMs)} before the callback was received${made}`);
  if (earlyMs > 0)
    return clock(`The token becomes valid only ${seconds(earlyMs)} after the callback was received`);
  if (signedAtMs === null) return clock('The signed time is too far from when the callback was received');
  const skewMs = receivedAtMs - signedAtMs;
  if (Math.abs(skewMs) > FAR_MS)
    return clock(
      `The signed time is in another unit: it reads as ${new Date(clamped(signedAtMs)).toISOString()}`,
      true,
    );
  const side = skewMs >= 0 ? 'before' : 'after';
  return clock(
    `The signature is right, but was made ${seconds(Math.abs(skewMs))} ${side} the callback was received; ${allowed} seconds are allowed`,
  );
}

function seconds(ms: number): string {
  const rounded = Math.max(0, Math.round(ms / 1_000));
  return `${rounded} second${rounded === 1 ? '' : 's'}`;
}

function clamped(timeMs: number): number {
  return Math.min(Math.max(timeMs, 0), 8.64e15);
}
