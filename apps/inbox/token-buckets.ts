import { LRUCache } from 'lru-cache';

/** How often something may happen: `perSecond` in the long run, `burst` at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Token buckets by key, of a few numbers each and without timers. The ones not used for longest are forgotten: full. */
export class TokenBuckets {
  readonly #buckets: LRUCache<string, Bucket>;

  constructor(
    most: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#buckets = new LRUCache({ max: most });
  }

  /** Seconds until there is a token; 0: there is one. */
  waitSeconds(key: string, rate: Rate): number {
    const bucket = this.refilled(key, rate);
    return bucket === undefined || bucket.tokens >= 1 ? 0 : (1 - bucket.tokens) / rate.perSecond;
  }

  /** Takes a token, which must be there. */
  take(key: string, rate: Rate): void {
    const bucket = this.refilled(key, rate);
    if (bucket === undefined) this.#buckets.set(key, { tokens: rate.burst - 1, atMs: this.now() });
    else bucket.tokens -= 1;
  }

  private refilled(key: string, { perSecond, burst }: Rate): Bucket | undefined {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return undefined;
    const nowMs = this.now();
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1_000);
    bucket.atMs = nowMs;
    return bucket;
  }
}
