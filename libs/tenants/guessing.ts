import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { type RateLimiterRes } from 'rate-limiter-flexible';
import { sharedLimiter } from './shared-limiter.js';

/** Above what a client with a wrong key in its settings tries by itself, far below what guessing would take. */
const FAILURES_A_MINUTE = 200;
const CHECKS_A_SECOND = 5;
const MOST_WAITING = 50;
const MOST_TURNS_WAITED = 5;
const MOST_PROVEN = 10_000;
const PROVEN_FOR_MS = 24 * 3_600_000;

/** Where a text that claims to be an API key comes from, and which key it claims to be. */
export interface Attempt {
  readonly plainKey: string;
  readonly remoteIp: string;
  readonly claimedId: string | null;
}

/**
 * Slows down who guesses API keys, by address and by the key that is being guessed. After too many failures further
 * texts are looked at a few a second; the rest is sent away unread. Keys that have worked lately and addresses that have
 * not been wrong never wait, so that nobody can lock a key's owner out by guessing beside him.
 */
export class Guessing {
  readonly #failures = sharedLimiter('guess_failures', { points: FAILURES_A_MINUTE, duration: 60 });
  readonly #checks = sharedLimiter('guess_checks', { points: CHECKS_A_SECOND, duration: 1 });
  /** By a plain hash of the text, which holds 256 random bits; in memory only. */
  readonly #proven = new LRUCache<string, true>({ max: MOST_PROVEN, ttl: PROVEN_FOR_MS });
  #waiting = 0;

  /** Resolves when the text may be looked at; `false`: not now. */
  async admit(attempt: Attempt): Promise<boolean> {
    if (this.#proven.has(markOf(attempt.plainKey))) return true;
    // However many others guess at a key: its owner comes from an address that has not been wrong.
    if ((await this.#failures.get(addressOf(attempt))) === null) return true;
    for (const suspect of suspectsOf(attempt)) {
      const failures = await this.#failures.get(suspect);
      if (failures === null || failures.remainingPoints > 0) continue;
      if (!(await this.waitForTurn(suspect))) return false;
    }
    return true;
  }

  private async waitForTurn(suspect: string): Promise<boolean> {
    if (this.#waiting >= MOST_WAITING) return false;
    this.#waiting += 1;
    try {
      for (let turn = 0; turn <= MOST_TURNS_WAITED; turn += 1) {
        const refusal = await this.#checks.consume(suspect).then(
          () => null,
          (result: RateLimiterRes) => result,
        );
        if (refusal === null) return true;
        await sleep(refusal.msBeforeNext);
      }
      return false;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Notes that the text was right. */
  succeeded({ plainKey }: Attempt): void {
    this.#proven.set(markOf(plainKey), true);
  }

  /** Notes that the text was wrong; how long to stay away, in seconds, once there have been too many. */
  async failed(attempt: Attempt): Promise<number | null> {
    let waitMs = 0;
    for (const suspect of suspectsOf(attempt)) {
      const failures = await this.#failures.penalty(suspect, 1);
      if (failures.consumedPoints > FAILURES_A_MINUTE) waitMs = Math.max(waitMs, failures.msBeforeNext);
    }
    return waitMs === 0 ? null : Math.ceil(waitMs / 1_000);
  }
}

function suspectsOf(attempt: Attempt): string[] {
  return [addressOf(attempt), ...(attempt.claimedId === null ? [] : [`key:${attempt.claimedId}`])];
}

function addressOf({ remoteIp }: Attempt): string {
  return `ip:${networkOf(remoteIp)}`;
}

/** The network that counts as one sender: an IPv6 user has a whole /64 to choose from. */
export function networkOf(remoteIp: string): string {
  if (!isIPv6(remoteIp) || remoteIp.includes('.')) return remoteIp;
  const [head = '', tail] = remoteIp.split('::');
  const groups = head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').length;
  return [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...(tail ?? '').split(':')]
    .slice(0, 4)
    .join(':');
}

function markOf(plainKey: string): string {
  return createHash('sha256').update(plainKey).digest('base64');
}
