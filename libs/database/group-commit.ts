/** There is as much waiting as may wait, or it has waited too long; the caller is to come back later. */
export class Overloaded extends Error {
  constructor() {
    super('Too much is waiting to be stored');
  }
}

interface GroupCommitOptions<Item, Result> {
  /** Writes a batch in one transaction; gives one result per item, in order. */
  readonly write: (batch: readonly Item[]) => Promise<readonly Result[]>;
  /** What an item counts toward the byte limits. */
  readonly bytesOf: (item: Item) => number;
  readonly mostRows: number;
  readonly mostBatchBytes: number;
  readonly mostWaitingRows: number;
  readonly mostWaitingBytes: number;
  /** How long an item may wait for its batch: behind a store that hangs, callers are told rather than kept. Default: for ever. */
  readonly mostWaitMs?: number;
  /**
   * As soon as so many items wait, and no fewer than are being written, the next batch is written behind the one under way:
   * for a store that takes one after the other and then need not wait for us in between. Default: never.
   */
  readonly rowsAhead?: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly sinceMs: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes items in groups: what arrives while one batch is being written makes up the next. There is no timer, so a
 * lone item is written at once. Each caller is answered after the commit of its own batch, and an item that
 * PostgreSQL refuses does not fail its neighbours.
 */
export class GroupCommit<Item, Result> {
  #waiting: Waiting<Item, Result>[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  /** The batch after the one under way, when it is being written already. */
  #ahead: Promise<() => void> | undefined;
  /** Of the batch sent last; none is sent ahead of the first. */
  #rowsUnderWay = Infinity;

  constructor(private readonly options: GroupCommitOptions<Item, Result>) {}

  /** Writes `item`; rejects with {@link Overloaded}, or with the error of its batch. */
  add(item: Item): Promise<Result> {
    const bytes = this.#waitingBytes + this.options.bytesOf(item);
    if (this.#waiting.length >= this.options.mostWaitingRows || bytes > this.options.mostWaitingBytes) {
      return Promise.reject(new Overloaded());
    }
    this.#waitingBytes = bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, sinceMs: performance.now(), resolve, reject });
      if (this.#writing === undefined) this.#writing = this.writeAll();
      else this.writeAhead();
    });
  }

  /** Resolves when nothing is waiting any more. */
  async drain(): Promise<void> {
    await this.#writing;
  }

  private async writeAll(): Promise<void> {
    // What was added in the same turn of the event loop shares the first batch.
    await Promise.resolve();
    let underWay = this.nextBatch();
    while (underWay !== undefined) {
      const answer = await underWay;
      // The store works on the next batch while the callers of this one are answered.
      underWay = this.nextBatch();
      answer();
    }
    this.#writing = undefined;
  }

  private nextBatch(): Promise<() => void> | undefined {
    const next = this.#ahead ?? this.writeNext();
    this.#ahead = undefined;
    if (next !== undefined) this.writeAhead();
    return next;
  }

  private writeAhead(): void {
    const { rowsAhead = Infinity } = this.options;
    if (this.#waiting.length >= Math.max(rowsAhead, this.#rowsUnderWay)) this.#ahead ??= this.writeNext();
  }

  /** Begins to write what is waiting; resolves to what answers its callers, and never rejects. */
  private writeNext(): Promise<() => void> | undefined {
    this.sendOverdueAway();
    const batch = this.takeBatch();
    this.#rowsUnderWay = batch.length || Infinity;
    return batch.length === 0 ? undefined : this.write(batch);
  }

  private sendOverdueAway(): void {
    const latestMs = performance.now() - (this.options.mostWaitMs ?? Infinity);
    const firstInTime = this.#waiting.findIndex(({ sinceMs }) => sinceMs >= latestMs);
    const overdue = this.take(firstInTime < 0 ? this.#waiting.length : firstInTime);
    for (const { reject } of overdue) reject(new Overloaded());
  }

  private takeBatch(): Waiting<Item, Result>[] {
    let rows = 0;
    let bytes = 0;
    for (const { item } of this.#waiting) {
      const itemBytes = this.options.bytesOf(item);
      if (rows > 0 && (rows >= this.options.mostRows || bytes + itemBytes > this.options.mostBatchBytes))
        break;
      rows += 1;
      bytes += itemBytes;
    }
    return this.take(rows);
  }

  private take(rows: number): Waiting<Item, Result>[] {
    const taken = this.#waiting.splice(0, rows);
    for (const { item } of taken) this.#waitingBytes -= this.options.bytesOf(item);
    return taken;
  }

  private async write(batch: readonly Waiting<Item, Result>[]): Promise<() => void> {
    try {
      const results = await this.options.write(batch.map(({ item }) => item));
      return () => batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      if (batch.length === 1 || !isRefusalOfRows(error))
        return () => batch.forEach(({ reject }) => reject(error));
      for (const one of batch) (await this.write([one]))();
      return () => undefined;
    }
  }
}

/**
 * Errors that one row or a race of two statements brings upon a whole batch, by SQLSTATE class: 21 and 22 data,
 * 23 constraints, 40 deadlocks, 54 sizes. The statement was rolled back, so nothing is stored and each may be tried alone.
 */
function isRefusalOfRows(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(21|22|23|40|54)\w{3}$/.test(code);
}
