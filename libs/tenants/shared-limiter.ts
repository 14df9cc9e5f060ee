import cluster from 'node:cluster';
import { type RateLimiterAbstract, RateLimiterCluster, RateLimiterMemory } from 'rate-limiter-flexible';

const ANSWER_WITHIN_MS = 2_000;

/** Counts in this process or, where several share a port, in the one that started them, for all of them together. */
export function sharedLimiter(
  name: string,
  limit: { readonly points: number; readonly duration: number },
): RateLimiterAbstract {
  return cluster.isWorker
    ? new RateLimiterCluster({ ...limit, keyPrefix: name, timeoutMs: ANSWER_WITHIN_MS })
    : new RateLimiterMemory({ ...limit, keyPrefix: name });
}
