import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What holds for some work and for all that it starts, without being passed along. From the first use of an
 * `AsyncLocalStorage` on, Node follows every promise of the process, which costs the inbox some 8 % of its time; so this one
 * is put away whenever no work is in it.
 */
export class Scope<Value> {
  readonly #storage = new AsyncLocalStorage<Value>();
  #inside = 0;

  /** What holds for the work under way; `undefined` outside of any. */
  get(): Value | undefined {
    return this.#storage.getStore();
  }

  /** Runs `work`, for which `value` holds until its promise settles. */
  run<Result>(value: Value, work: () => Promise<Result>): Promise<Result> {
    return this.begin(value, async (leave) => {
      try {
        return await work();
      } finally {
        leave();
      }
    });
  }

  /** Begins `work`, for which `value` holds until it calls `leave`. */
  begin<Result>(value: Value, work: (leave: () => void) => Result): Result {
    this.#inside += 1;
    let isInside = true;
    const leave = (): void => {
      if (!isInside) return;
      isInside = false;
      this.#inside -= 1;
      if (this.#inside === 0) this.#storage.disable();
    };
    return this.#storage.run(value, work, leave);
  }

  /** Runs `work` as if outside. */
  outside<Result>(work: () => Result): Result {
    return this.#storage.exit(work);
  }
}
