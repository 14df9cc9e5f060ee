const DAY_MS = 24 * 60 * 60 * 1_000;
const DAYS_AHEAD = 7;

/** A span of time that ids are made in: `toMs` is left out. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The days that must have partitions at `nowMs`: today, a week ahead, for a process that cannot reach the database or
 * is refused its lock for days, and yesterday, for a clock that is corrected backwards must not lose a callback.
 */
export function daysAround(nowMs: number): TimeRange {
  const today = startOfDay(nowMs);
  return { fromMs: today - DAY_MS, toMs: today + (1 + DAYS_AHEAD) * DAY_MS };
}

/** What of `wanted` no range of `existing` covers, cut at the beginning of each day, UTC; earliest first. */
export function uncoveredDays(wanted: TimeRange, existing: readonly TimeRange[]): TimeRange[] {
  const sorted = [...existing].sort((a, b) => a.fromMs - b.fromMs);
  const days: TimeRange[] = [];
  for (let fromMs = wanted.fromMs; fromMs < wanted.toMs;) {
    const covering = sorted.find((range) => range.fromMs <= fromMs && range.toMs > fromMs);
    if (covering !== undefined) {
      fromMs = covering.toMs;
      continue;
    }
    const next = sorted.find((range) => range.fromMs > fromMs)?.fromMs ?? Infinity;
    const toMs = Math.min(startOfDay(fromMs) + DAY_MS, wanted.toMs, next);
    days.push({ fromMs, toMs });
    fromMs = toMs;
  }
  return days;
}

/** The spans between the earliest time there is and `untilMs` that no range covers; earliest first. */
export function gapsBefore(untilMs: number, existing: readonly TimeRange[]): TimeRange[] {
  const gaps: TimeRange[] = [];
  let fromMs = 0;
  for (const range of [...existing].sort((a, b) => a.fromMs - b.fromMs)) {
    if (range.fromMs >= untilMs) break;
    if (range.fromMs > fromMs) gaps.push({ fromMs, toMs: range.fromMs });
    fromMs = Math.max(fromMs, range.toMs);
  }
  if (fromMs < untilMs) gaps.push({ fromMs, toMs: untilMs });
  return gaps;
}

function startOfDay(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS) * DAY_MS;
}
