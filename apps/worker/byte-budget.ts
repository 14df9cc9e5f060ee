/** Bounds the bodies in memory: whoever would exceed the budget waits, in order, until others have given back. */
export class ByteBudget {
  #free: number;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  constructor(private readonly total: number) {
    this.#free = total;
  }

  /** Takes `bytes`; what is larger than the whole budget waits until it can have all of it. Resolves with what to give back. */
  async take(bytes: number): Promise<number> {
    const wanted = Math.min(bytes, this.total);
    if (this.#waiting.length > 0 || wanted > this.#free)
      await new Promise<void>((go) => this.#waiting.push({ bytes: wanted, go }));
    else this.#free -= wanted;
    return wanted;
  }

  give(bytes: number): void {
    this.#free += bytes;
    for (
      let next = this.#waiting[0];
      next !== undefined && next.bytes <= this.#free;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.go();
    }
  }
}
