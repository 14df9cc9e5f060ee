import { LRUCache } from 'lru-cache';
import type { Settings } from '#config';
import type { LiveSource, RateLimit } from '#sources';
import { networkOf } from '#tenants';
import { type Rate, TokenBuckets } from './token-buckets.js';

const MOST_BUCKETS = 50_000;
const MOST_PROVEN = 50_000;
const PROVEN_FOR_MS = 10 * 60_000;
/** What cannot be verified draws from buckets of its own, with room for a mistake that a sender makes many times. */
const REFUSED_BURST = 10;
const LEAST_REFUSED_BURST = 20;

type RateSettings = Pick<Settings, 'sourceRatePerSecond' | 'tenantRatePerSecond' | 'processes'>;

/**
 * The rates at which sources and tenants take callbacks, in this process's share. Only what has been verified counts
 * against them, so that strangers cannot use up what is a source's; what is refused counts against the network that it
 * came from, until a callback from there is verified.
 */
export class CallbackRates {
  readonly #accepted: TokenBuckets;
  readonly #refused: TokenBuckets;
  readonly #proven = new LRUCache<string, true>({ max: MOST_PROVEN, ttl: PROVEN_FOR_MS });
  readonly #sourceDefault: Rate | null;
  readonly #tenantDefault: Rate | null;

  constructor(
    private readonly settings: RateSettings,
    now?: () => number,
  ) {
    this.#accepted = new TokenBuckets(MOST_BUCKETS, now);
    this.#refused = new TokenBuckets(MOST_BUCKETS, now);
    this.#sourceDefault = this.defaultRate(settings.sourceRatePerSecond);
    this.#tenantDefault = this.defaultRate(settings.tenantRatePerSecond);
  }

  /** Whether any limit holds for a source; where none does nothing is counted. */
  isLimited(source: LiveSource): boolean {
    return this.sourceRate(source) !== null || this.tenantRate(source) !== null;
  }

  /** Seconds that a sender is to stay away from a source; 0: its callback may be read. Takes nothing. */
  waitSeconds(source: LiveSource, remoteIp: string): number {
    return Math.max(this.waitForAccepted(source), this.waitForRefused(source, remoteIp));
  }

  /** Counts a callback that has been verified. Seconds to stay away when there have been too many; 0: it is accepted. */
  accept(source: LiveSource, remoteIp: string): number {
    this.#proven.set(senderOf(source, remoteIp), true);
    const waitSeconds = this.waitForAccepted(source);
    if (waitSeconds > 0) return waitSeconds;
    const [ofSource, ofTenant] = [this.sourceRate(source), this.tenantRate(source)];
    if (ofSource !== null) this.#accepted.take(source.id, ofSource);
    if (ofTenant !== null) this.#accepted.take(source.tenantId, ofTenant);
    return 0;
  }

  /** Counts a callback that could not be verified. */
  refuse(source: LiveSource, remoteIp: string): void {
    const rate = this.refusedRate(source);
    const sender = senderOf(source, remoteIp);
    if (rate !== null && this.#refused.waitSeconds(sender, rate) === 0) this.#refused.take(sender, rate);
  }

  private waitForAccepted(source: LiveSource): number {
    const [ofSource, ofTenant] = [this.sourceRate(source), this.tenantRate(source)];
    return Math.max(
      ofSource === null ? 0 : this.#accepted.waitSeconds(source.id, ofSource),
      ofTenant === null ? 0 : this.#accepted.waitSeconds(source.tenantId, ofTenant),
    );
  }

  /** Behind a proxy that hides where senders are, the genuine ones prove the address that they share with the others. */
  private waitForRefused(source: LiveSource, remoteIp: string): number {
    const rate = this.refusedRate(source);
    const sender = senderOf(source, remoteIp);
    return rate === null || this.#proven.has(sender) ? 0 : this.#refused.waitSeconds(sender, rate);
  }

  private refusedRate(source: LiveSource): Rate | null {
    const rate = this.sourceRate(source) ?? this.tenantRate(source);
    if (rate === null) return null;
    const perSecond = Math.max(1, rate.perSecond);
    return { perSecond, burst: Math.max(LEAST_REFUSED_BURST, perSecond * REFUSED_BURST) };
  }

  private sourceRate({ config }: LiveSource): Rate | null {
    return config.rate_limit === undefined ? this.#sourceDefault : this.shareOf(config.rate_limit);
  }

  private tenantRate({ tenantRateLimit }: LiveSource): Rate | null {
    return tenantRateLimit === null ? this.#tenantDefault : this.shareOf(tenantRateLimit);
  }

  private defaultRate(perSecond: number): Rate | null {
    return perSecond === 0 ? null : this.shareOf({ per_second: perSecond });
  }

  /** Each process counts by itself, so each has its part; one at once is let in by every one of them. */
  private shareOf({ per_second: perSecond, burst = Math.ceil(perSecond) }: RateLimit): Rate {
    const { processes } = this.settings;
    return { perSecond: perSecond / processes, burst: Math.max(1, burst / processes) };
  }
}

function senderOf(source: LiveSource, remoteIp: string): string {
  return `${source.id} ${networkOf(remoteIp)}`;
}
