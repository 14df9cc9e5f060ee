/**
 * What one diagnosis may cost, in the work of hashing a byte. Measured, that is a nanosecond, and up to two where others
 * want the processor too, so that this is 2 to 4 ms of CPU.
 */
export const WORK_LIMIT = 1_800_000;

/** What a step costs. */
export const WORK = {
  /** One verification with one key, whatever the length of the body. */
  verification: { compute: 8_000, compare: 6_000, public: 75_000, none: 1_000 },
  /** Per byte and key. */
  hashing: 0.7,
  /** With each further key. */
  furtherKey: { compute: 3_500, compare: 6_000, public: 75_000, none: 1_000 },
  /** Where the URL is signed. */
  writingUrl: 1_500,
  /** With it what stands in its query or in a form. */
  takingUrlApart: 6_000,
  /** Per byte, where what is signed stands in fields of the body. */
  takingBodyApart: 20,
  /** Where a single one takes a millisecond and more, as on the curves P-384 and P-521: three are to be had. */
  slowVerification: 600_000,
  /** Making a key of the text of a secret. */
  key: { compute: 4_000, compare: 1_000, public: 60_000, none: 0 },
  /** Building a scheme with a detail that differs. */
  scheme: 7_000,
  /** Per byte: finding out what it may be, and telling one text from another. */
  reading: 5,
  /** Per byte of JSON, and with each of its values. */
  parsing: 6,
  value: 15,
  /** Per byte that is written anew, and thrown away. */
  spelling: 5,
  /** Per character that is written as its code. */
  escape: 40,
  /** Per byte that comes out of it. */
  decompression: 6,
} as const;

/** Counts the work of one diagnosis, so that nothing a stranger sends makes it long. */
export class Budget {
  #left: number;
  #isShort = false;

  constructor(limit: number = WORK_LIMIT) {
    this.#left = limit;
  }

  get left(): number {
    return this.#left;
  }

  /** Whether something could not be tried for want of it. */
  get wasShort(): boolean {
    return this.#isShort;
  }

  /** Notes that something could not be tried. */
  fallShort(): void {
    this.#isShort = true;
  }

  /** Whether there is enough left for so much work; then it is taken. */
  spend(work: number): boolean {
    if (work > this.#left) {
      this.fallShort();
      return false;
    }
    this.#left -= work;
    return true;
  }
}
