import { LRUCache } from 'lru-cache';

const WINDOW_MS = 1_000;
const MOST_SOURCES = 10_000;

/** Lets so many through for each key in any second, and remembers a bounded number of keys. */
export class KeepRate {
  readonly #times = new LRUCache<string, number[]>({ max: MOST_SOURCES });

  constructor(private readonly most: number) {}

  /** Whether one more may pass at `nowMs`; then it is noted. */
  take(key: string, nowMs: number): boolean {
    const times = this.#times.get(key) ?? [];
    const oldest = times[0];
    if (times.length >= this.most && oldest !== undefined && nowMs - oldest < WINDOW_MS) return false;
    if (times.length >= this.most) times.shift();
    times.push(nowMs);
    this.#times.set(key, times);
    return true;
  }
}
