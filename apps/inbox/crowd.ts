/** Something that can be in a {@link Crowd}, one at a time. */
export interface Placed {
  /** Where it is in the crowd; -1 outside. */
  place: number;
}

/**
 * A set without order, for what comes and goes thousands of times a second. V8's own sets make a new table every few dozen
 * changes, each held by the one before; once one of these has grown old, all later ones and what was in them do, too, and the
 * collections of the old take 40 ms.
 */
export class Crowd<Item extends Placed> implements Iterable<Item> {
  readonly #items: Item[] = [];

  add(item: Item): void {
    item.place = this.#items.push(item) - 1;
  }

  delete(item: Item): void {
    if (item.place < 0) return;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#items[item.place] = last;
      last.place = item.place;
    }
    item.place = -1;
  }

  /** Those that are in it now, whoever leaves meanwhile. */
  [Symbol.iterator](): Iterator<Item> {
    return [...this.#items].values();
  }
}
