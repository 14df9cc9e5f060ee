import { GroupCommit } from './group-commit.js';

interface BatchedReaderOptions<Key, Found> {
  /** Reads with one statement; gives what was found of each key, in order. */
  readonly read: (keys: readonly Key[]) => Promise<readonly Found[]>;
  /** The most keys of one statement. */
  readonly most: number;
  /** How long a key may wait for its statement. */
  readonly mostWaitMs: number;
}

const MOST_WAITING = 10_000;

/**
 * Reads one thing each for many who ask at the same time: what is asked while the database is answering makes up the next
 * statement, so that a crowd comes to some statements a second, whatever its size, and nobody waits for more than one of
 * them.
 */
export class BatchedReader<Key, Found> {
  readonly #questions: GroupCommit<Key, Found>;

  constructor({ read, most, mostWaitMs }: BatchedReaderOptions<Key, Found>) {
    this.#questions = new GroupCommit({
      write: read,
      bytesOf: () => 0,
      mostRows: most,
      mostBatchBytes: Infinity,
      mostWaitingRows: MOST_WAITING,
      mostWaitingBytes: Infinity,
      mostWaitMs,
    });
  }

  /** What there is of a key; read after this call, so no older than it. Rejects with `Overloaded` when too much is asked for. */
  find(key: Key): Promise<Found> {
    return this.#questions.add(key);
  }
}
