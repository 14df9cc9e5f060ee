import { getRandomValues } from 'node:crypto';
import { V7Generator } from 'uuidv7';

/** Random numbers fetched by the page: fetching them for each id costs more than making the id. */
const random = new Uint32Array(1_024);
let used = random.length;

const generator = new V7Generator({
  nextUint32() {
    if (used === random.length) {
      getRandomValues(random);
      used = 0;
    }
    used += 1;
    return random[used - 1] ?? 0;
  },
});

/** A new UUIDv7: time-ordered, so inserts stay at the right edge of every index. Shown to users as a ULID. */
export function newId(): string {
  return generator.generate().toString();
}

/** The time in an id, in milliseconds since the epoch. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** The smallest id of a time: bounds for ranges of ids. */
export function idAtTime(timeMs: number): string {
  const hex = Math.max(0, timeMs).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
