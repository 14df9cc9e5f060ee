import { LRUCache } from 'lru-cache';

/** At most so many questions at once, after a start for example. */
const BURST = 8;
const ONE_MORE_EVERY_MS = 60_000;
const MOST_ACCOUNTS = 10_000;

/**
 * How often an account may be asked for: strangers choose the names of the keys they present, and every name that nobody has
 * heard of would be a request with somebody's credentials. What is asked in vain is paid from here; what is known is kept.
 */
export class AskingBudget {
  readonly #accounts = new LRUCache<string, { left: number; filledAtMs: number }>({ max: MOST_ACCOUNTS });

  /** Takes one question of the account's; `false` when it has none left. */
  take(account: string, nowMs: number): boolean {
    const budget = this.#accounts.get(account) ?? { left: BURST, filledAtMs: nowMs };
    this.#accounts.set(account, budget);
    const earned = Math.floor((nowMs - budget.filledAtMs) / ONE_MORE_EVERY_MS);
    budget.left = Math.min(BURST, budget.left + earned);
    budget.filledAtMs += earned * ONE_MORE_EVERY_MS;
    if (budget.left === 0) return false;
    budget.left -= 1;
    return true;
  }
}
