import { Inject, Injectable } from '@nestjs/common';
import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { SETTINGS, type Settings } from '#config';
import { type Problem, problem } from '#errors';
import { sharedLimiter } from '#tenants';

const WINDOW_SECONDS = 60;

/** How many requests an API key may send a minute to one machine, told in `RateLimit-*` headers with every answer. */
@Injectable()
export class RateLimit {
  readonly #limiter: RateLimiterAbstract | null;
  readonly #perMinute: number;

  constructor(@Inject(SETTINGS) { apiRatePerMinute }: Settings) {
    this.#perMinute = apiRatePerMinute;
    this.#limiter =
      apiRatePerMinute === 0
        ? null
        : sharedLimiter('api_key_requests', { points: apiRatePerMinute, duration: WINDOW_SECONDS });
  }

  /** Counts a request; the error to answer when there have been too many. */
  async take(apiKeyId: string, setHeader: (name: string, value: string) => unknown): Promise<Problem | null> {
    if (this.#limiter === null) return null;
    const result = await this.#limiter.consume(apiKeyId).catch((refusal: unknown) => refusal);
    if (!(result instanceof RateLimiterRes)) throw result;
    const resetSeconds = String(Math.ceil(result.msBeforeNext / 1_000));
    setHeader('ratelimit-policy', `${this.#perMinute};w=${WINDOW_SECONDS}`);
    setHeader('ratelimit-limit', String(this.#perMinute));
    setHeader('ratelimit-remaining', String(result.remainingPoints));
    setHeader('ratelimit-reset', resetSeconds);
    if (result.consumedPoints <= this.#perMinute) return null;
    return problem('too_many_requests', {
      detail: `This API key may send ${this.#perMinute} requests a minute`,
      headers: { 'retry-after': resetSeconds },
    });
  }
}
