import type { ServerResponse } from 'node:http';
import { beginningOf, compareEntries, type Place } from '#events';
import type { Caller } from '#tenants';
import { type Audience, type Frames, heartbeat, opening } from './frames.js';

/** When a client is to come again after its stream has ended. */
export const RETRY_MS = 2_000;
const HEARTBEAT_EVERY_MS = 15_000;
/** What a client has not taken yet, beyond which it gets no more; what it then misses is read from the database later. */
const MOST_UNREAD_BYTES = 64 * 1024;
/** A client that takes nothing for so long has gone. */
const STALLED_AFTER_MS = 60_000;
/** For the last bytes of a stream that ends. */
const LAST_BYTES_WITHIN_MS = 1_000;

/** Why a stream has ended. */
export type Ending = 'client_left' | 'key_refused' | 'too_slow' | 'process_stopping' | 'order_lost';

/** One client and how far it has got. */
export class OpenStream {
  readonly openedAtMs = performance.now();
  itemCount = 0;
  /** Whether there is more for it that it could not be given at once. */
  isBehind = false;
  ending: Ending | null = null;
  #wroteAtMs = performance.now();
  #unreadSinceMs: number | null = null;
  #hasTaken = false;
  #waitsUntilMs = 0;
  /** The place after the last thing that it was given. */
  #given: Place;

  readonly #noteTaken = (): void => {
    this.#hasTaken = true;
  };

  constructor(
    readonly caller: Caller,
    readonly audience: Audience,
    /** What it has been given, or need not be. */
    public place: Place,
    private readonly response: ServerResponse,
  ) {
    this.#given = place;
    this.write(opening(place, RETRY_MS));
  }

  /** Bytes that the client has not taken from this process. */
  get unreadBytes(): number {
    return this.response.writableLength;
  }

  /** Whether more may be written. */
  isReady(mostUnreadBytes = MOST_UNREAD_BYTES): boolean {
    return (
      this.ending === null && this.unreadBytes <= mostUnreadBytes && performance.now() >= this.#waitsUntilMs
    );
  }

  /** Makes it wait: what comes next cannot be shown now. */
  waitFor(durationMs: number): void {
    this.#waitsUntilMs = performance.now() + durationMs;
  }

  /** Gives it what comes next. */
  advance({ bytes, itemCount, next, isCut, given }: Frames): void {
    this.place = next;
    this.#given = given ?? this.#given;
    this.isBehind = isCut;
    this.itemCount += itemCount;
    if (bytes.length > 0) this.write(bytes);
  }

  /** After a time in which PostgreSQL may have crashed: nothing that it was given comes twice, what is new below its place comes. */
  goBack(lastingHorizon: bigint): void {
    this.place = this.lastingPlace(lastingHorizon);
  }

  /** What is to be done with time alone: a heartbeat, or the end for a client that has stopped reading. */
  keepUp(nowMs: number, lastingHorizon: bigint): void {
    // One that is always given more before it has taken everything never has nothing left to take.
    if (this.unreadBytes === 0 || this.#hasTaken) this.#unreadSinceMs = null;
    this.#hasTaken = false;
    if (this.unreadBytes > 0) this.#unreadSinceMs ??= nowMs;
    if (nowMs - (this.#unreadSinceMs ?? nowMs) > STALLED_AFTER_MS) this.end('too_slow');
    else if (nowMs - this.#wroteAtMs >= HEARTBEAT_EVERY_MS && this.isReady())
      this.write(heartbeat(this.lastingPlace(lastingHorizon)));
  }

  /** Ends it; whoever is too slow for the end is cut off. */
  end(ending: Ending): void {
    if (this.ending !== null) return;
    this.ending = ending;
    if (ending === 'too_slow') return void this.response.destroy();
    this.response.end();
    setTimeout(() => this.response.destroy(), LAST_BYTES_WITHIN_MS).unref();
  }

  /** The furthest place that is good whatever happens to PostgreSQL, and not before what it was given. */
  private lastingPlace(lastingHorizon: bigint): Place {
    if (this.place.storedIn <= lastingHorizon) return this.place;
    const lasting = beginningOf(lastingHorizon, this.place.timeMs);
    return compareEntries(lasting, this.#given) > 0 ? lasting : this.#given;
  }

  private write(bytes: Buffer): void {
    this.#wroteAtMs = performance.now();
    this.response.write(bytes, this.#noteTaken);
  }
}
