import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import argon2 from 'argon2';
import { LRUCache } from 'lru-cache';
import { Overloaded } from '#database';
import type { Credential } from '#signatures';

/** OWASP's minimum for argon2id: some 20 ms of one core and 19 MiB each. */
const COST = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const SLOW_FORM = '$argon2id$';
const KEYED_FORM = 'hmac-sha256:';
const MOST_AT_ONCE = 2;
const MOST_WAITING = 64;
const REMEMBERED_FOR_MS = 5 * 60_000;
const MOST_REMEMBERED = 10_000;

/**
 * What tokens have been found to be, so that a sender pays for argon2id once and not with every callback: also one whose
 * token fits another secret of the source than the one that is tried first. Kept under a key of this process, so that
 * its memory holds no token and nothing that another process could compare. Strangers fill the second one only.
 */
const markKey = randomBytes(32);
const proven = new LRUCache<string, true>({ max: MOST_REMEMBERED, ttl: REMEMBERED_FOR_MS });
const disproven = new LRUCache<string, true>({ max: MOST_REMEMBERED, ttl: REMEMBERED_FOR_MS });
/** Callbacks that come at once with one token wait for one answer. */
const underWay = new Map<string, Promise<boolean>>();

let running = 0;
const waiting: (() => void)[] = [];

/**
 * Hashes the `digest` of an imported secret that will only be compared, for storage: somebody may have thought it up. The
 * digest is the secret's keyed SHA-256, which binds it to its place and keeps who has the database from guessing at all.
 */
export function hashSecret(digest: Buffer): Promise<string> {
  return inTurn(() => argon2.hash(digest, COST));
}

/** The stored form of a secret of 256 random bits, which nobody can guess: `digest` is its keyed SHA-256. */
export function keyedVerifier(digest: Buffer): string {
  return KEYED_FORM + digest.toString('base64');
}

/**
 * The credential of a stored secret. Of an imported one, asking it is quick for a token that has been judged lately and
 * slow for any other; rejects with `Overloaded` when too many strangers are being tried, rather than let them take the
 * machine. `keyedHash` makes the digest that {@link keyedVerifier} or {@link hashSecret} was given.
 */
export function credentialOf(verifier: string, keyedHash: (presented: string) => Buffer): Credential {
  if (!verifier.startsWith(KEYED_FORM)) return slowCredential(verifier, keyedHash);
  const expected = Buffer.from(verifier.slice(KEYED_FORM.length), 'base64');
  return {
    matches(presented) {
      const digest = keyedHash(presented);
      return digest.length === expected.length && timingSafeEqual(digest, expected);
    },
  };
}

/** Whether asking the credential of this verifier is always quick: it is one of a secret that was made here. */
export function isQuickToCompare(verifier: string | null): boolean {
  return verifier?.startsWith(KEYED_FORM) === true;
}

function slowCredential(verifier: string, keyedHash: (presented: string) => Buffer): Credential {
  if (!verifier.startsWith(SLOW_FORM)) return { matches: () => false };
  return {
    matches(presented) {
      const digest = keyedHash(presented);
      const mark = markOf(verifier, digest);
      if (proven.get(mark) === true) return true;
      if (disproven.get(mark) === true) return false;
      return underWay.get(mark) ?? judge(mark, verifier, digest);
    },
  };
}

function judge(mark: string, verifier: string, digest: Buffer): Promise<boolean> {
  const judging = inTurn(() => argon2.verify(verifier, digest))
    .then((matched) => {
      (matched ? proven : disproven).set(mark, true);
      return matched;
    })
    .finally(() => underWay.delete(mark));
  underWay.set(mark, judging);
  return judging;
}

function markOf(verifier: string, digest: Buffer): string {
  return createHmac('sha256', markKey).update(digest).update(verifier).digest('base64');
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
