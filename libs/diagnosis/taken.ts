/** The next ones of an iterator, which stays open for those after them. */
export function* taken<Item>(from: Iterator<Item>, most: number): Generator<Item> {
  for (let count = 0; count < most; count += 1) {
    const next = from.next();
    if (next.done === true) return;
    yield next.value;
  }
}
