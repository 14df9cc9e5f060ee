import type { Clock } from './scheme.js';

/**
 * How a signed time is written: whole seconds, whole milliseconds, either (told apart by magnitude; written as the unit
 * that is named first), or RFC 3339.
 */
export type TimeUnit =
  'seconds' | 'milliseconds' | 'seconds-or-milliseconds' | 'milliseconds-or-seconds' | 'rfc3339';

// Plain decimal only: no sign, no leading zero, no point, no exponent. 15 digits stay exact in a double.
const DECIMAL = /^(?:0|[1-9][0-9]{0,14})$/;
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)?$/;
const HAS_ZONE = /(?:[Zz]|[+-]\d\d:\d\d)$/;

// As seconds this is the year 5138, as milliseconds 1973: no provider's clock stands in between.
const MILLISECONDS_FROM = 1e11;

/**
 * Reads a signed time strictly.
 *
 * @param text as received
 * @param unit how the provider writes it; an RFC 3339 time without a zone is taken as UTC
 * @returns milliseconds since the epoch, or `null` when it is not written so
 * @example parseTime('1700000000', 'seconds') // 1700000000000
 */
export function parseTime(text: string, unit: TimeUnit): number | null {
  if (unit === 'rfc3339') return parseRfc3339(text);
  if (!DECIMAL.test(text)) return null;
  const value = Number(text);
  if (unit === 'milliseconds') return value;
  return unit !== 'seconds' && value >= MILLISECONDS_FROM ? value : value * 1000;
}

function parseRfc3339(text: string): number | null {
  if (!RFC_3339.test(text)) return null;
  const milliseconds = Date.parse(HAS_ZONE.test(text) ? text : `${text}Z`);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}

/**
 * Reads a time however it is written: with a fraction, in either unit, as a date. For finding out what a sender does, never
 * for letting a request in.
 *
 * @param text as received
 * @returns milliseconds since the epoch, or `null` when it is no time at all
 * @example looseTime('2023-11-14T22:13:20Z') // 1700000000000
 */
export function looseTime(text: string): number | null {
  if (text.length > 64) return null;
  const value = /^\d{1,16}(?:\.\d{1,9})?$/.test(text) ? Number(text) : NaN;
  if (!Number.isNaN(value)) return Math.round(value >= MILLISECONDS_FROM ? value : value * 1000);
  const date = /\d{4}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? null : date;
}

/**
 * Writes a time the way {@link parseTime} reads it.
 *
 * @param nowMs milliseconds since the epoch
 * @example formatTime(1700000000123, 'seconds') // '1700000000'
 */
export function formatTime(nowMs: number, unit: TimeUnit): string {
  switch (unit) {
    case 'seconds':
    case 'seconds-or-milliseconds':
      return String(Math.floor(nowMs / 1000));
    case 'milliseconds':
    case 'milliseconds-or-seconds':
      return String(Math.floor(nowMs));
    case 'rfc3339':
      return new Date(nowMs).toISOString();
  }
}

/**
 * Is a signed time near enough to the moment the request was received, before or after?
 *
 * @param signedAtMs milliseconds since the epoch
 * @param clock its `toleranceSeconds` wins over the default
 * @param defaultToleranceSeconds what the provider documents
 */
export function isTimely(signedAtMs: number, clock: Clock, defaultToleranceSeconds: number): boolean {
  const toleranceSeconds = clock.toleranceSeconds ?? defaultToleranceSeconds;
  return Math.abs(clock.nowMs - signedAtMs) <= toleranceSeconds * 1000;
}
