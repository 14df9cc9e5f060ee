import { uuidv7 } from 'uuidv7';

/** A new UUIDv7: time-ordered, so inserts stay at the right edge of every index. Shown to users as a ULID. */
export function newId(): string {
  return uuidv7();
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
