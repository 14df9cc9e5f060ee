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
  generator.generate().bytes.forEach((byte, index) => {
    const place = PLACES[index] ?? 0;
    text[place] = HEX.charCodeAt(byte >>> 4);
    text[place + 1] = HEX.charCodeAt(byte & 15);
  });
  return String.fromCharCode(...text);
}

const HEX = '0123456789abcdef';
/** Where the bytes of an id stand in its text. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
/** Written over by each: put together character by character, a text takes many times its memory. */
const text = Array.from('00000000-0000-0000-0000-000000000000', (character) => character.charCodeAt(0));

/** The time in an id, in milliseconds since the epoch. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** The smallest id of a time: bounds for ranges of ids. */
export function idAtTime(timeMs: number): string {
  const hex = Math.max(0, timeMs).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
