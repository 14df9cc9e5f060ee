import { createHmac, randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import { LRUCache } from 'lru-cache';
import { Overloaded } from '#database';
import type { Credential } from '#signatures';

/** OWASP's minimum for argon2id: some 20 ms of one core and 19 MiB each. */
const COST = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const MOST_AT_ONCE = 2;
const MOST_WAITING = 64;
const PROVEN_FOR_MS = 5 * 60_000;
const MOST_PROVEN = 10_000;

/**
 * Tokens that a verifier has accepted, so that a sender pays for argon2id once and not with every callback. Kept under
 * a key of this process, so that its memory holds no token and nothing that another process could compare.
 */
const provenKey = randomBytes(32);
const proven = new LRUCache<string, true>({ max: MOST_PROVEN, ttl: PROVEN_FOR_MS });

let running = 0;
const waiting: (() => void)[] = [];

/** Hashes a secret that will only be compared, for storage. */
export function hashSecret(plainSecret: string): Promise<string> {
  return inTurn(() => argon2.hash(plainSecret, COST));
}

/**
 * The credential of a stored hash. Asking it is quick for a token that has been proven lately and slow for any other;
 * rejects with `Overloaded` when too many strangers are being tried, rather than let them take the machine.
 */
export function credentialOf(verifier: string): Credential {
  return {
    matches(presented) {
      const mark = createHmac('sha256', provenKey)
        .update(verifier)
        .update('\0')
        .update(presented)
        .digest('base64');
      if (proven.get(mark) === true) return true;
      return inTurn(() => argon2.verify(verifier, presented)).then((matched) => {
        if (matched) proven.set(mark, true);
        return matched;
      });
    },
  };
}

/** A few at a time: argon2id works in the thread pool that file and DNS look-ups share. */
async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (running >= MOST_AT_ONCE) {
    if (waiting.length >= MOST_WAITING) throw new Overloaded();
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
