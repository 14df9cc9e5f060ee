import { fromUlid, toUlid } from '#contract';
import { idAtTime, timeOfId } from '#database';
import { beginningOf, type Place } from '#events';

const MOST_XID = 2n ** 64n - 1n;
const PLACE = /^(?<ulid>.{26})(?<kind>[.~])(?<storedIn>\d{1,20})$/;

/**
 * A place as the text that stands in `id:`. `<ULID>.<number>` is after one thing; `<ULID>~<number>` is where everything
 * before is settled, with the time alone in the ULID. Clients are told nothing of either.
 */
export function writePlace({ id, storedIn, timeMs }: Place): string {
  const isAfterThing = id !== beginningOf(storedIn, timeMs).id;
  return isAfterThing ? `${toUlid(id)}.${storedIn}` : `${toUlid(idAtTime(timeMs))}~${storedIn}`;
}

/** Reads what {@link writePlace} wrote, or the ULID of an event or a rejection, as `thing`; `null` when it is neither. */
export function readPlace(text: string): { readonly place: Place } | { readonly thing: string } | null {
  const thing = fromUlid(text);
  if (thing !== undefined) return { thing };
  const { ulid = '', kind, storedIn: digits = '' } = PLACE.exec(text)?.groups ?? {};
  const id = fromUlid(ulid);
  if (id === undefined) return null;
  const storedIn = BigInt(digits);
  if (storedIn > MOST_XID) return null;
  const timeMs = timeOfId(id);
  return { place: kind === '~' ? beginningOf(storedIn, timeMs) : { storedIn, id, timeMs } };
}
