/**
 * What one diagnosis may cost, in the work of hashing a byte. Measured, a byte hashed takes 0.5 to 3 ns, so that this is
 * some 2 ms of CPU.
 */
export const WORK_LIMIT = 1_000_000;

/** What a step costs. */
export const WORK = {
  /** One verification with one key, whatever the length of the body. */
  verification: { compute: 8_000, compare: 6_000, public: 80_000, none: 1_000 },
  /** Making a key of the text of a secret. */
  key: { compute: 4_000, compare: 1_000, public: 30_000, none: 0 },
  /** Building a scheme with a detail that differs. */
  scheme: 4_000,
  /** Per byte. */
  spelling: 3,
} as const;

/** Counts the work of one diagnosis, so that nothing a stranger sends makes it long. */
export class Budget {
  #left: number;

  constructor(limit: number = WORK_LIMIT) {
    this.#left = limit;
  }

  /** Whether there is enough left for so much work; then it is taken. */
  spend(work: number): boolean {
    if (work > this.#left) return false;
    this.#left -= work;
    return true;
  }
}
