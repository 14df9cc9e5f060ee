import type { IncomingMessage } from 'node:http';
import type { Limits } from '#config';
import type { Admission } from './admission.js';
import { Crowd, type Placed } from './crowd.js';

type BodyLimits = Pick<Limits, 'bodyMemoryBytes' | 'bodyIdleMs' | 'bodyGraceMs' | 'leastBodyBytesPerSecond'>;

/** Larger ones leave a quarter of the memory to those below, which most callbacks are. */
const SMALL_BODY_BYTES = 65_536;
const SHARE_OF_LARGE_BODIES = 0.75;
/** When memory is short, a body that is not on its way to be there within this time makes room for others. */
const PACE_MS = 10_000;
const PACE_AFTER_MS = 1_000;
const MAKE_ROOM_EVERY_MS = 100;

/** The memory that one request holds, from the first byte of its body until its event is stored. */
interface Hold extends Placed {
  heldBytes: number;
  receivedBytes: number;
  readonly sinceMs: number;
  lastByteAtMs: number;
  /** When its body was there and it began to wait for its answer. */
  enteredAtMs: number | null;
  /** Ends the reading of a body that comes too slowly. */
  readonly cut: () => void;
}

/** What a request holds stands on the request itself: a table of all that are under way would be made anew all the time. */
const HOLD = Symbol('hold');
type Holder = IncomingMessage & { [HOLD]?: Hold | undefined };

/**
 * The memory that bodies of callbacks take in this process, over their whole life. A declared length is held from the
 * start, so that what is begun can be finished; bodies that come too slowly are cut, sooner when others are in need.
 */
export class BodyMemory {
  readonly #reading = new Crowd<Hold>();
  #inUseBytes = 0;
  #madeRoomAtMs = -Infinity;

  constructor(
    private readonly limits: BodyLimits,
    private readonly admission: Admission,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get inUseBytes(): number {
    return this.#inUseBytes;
  }

  /** Begins to read a body; `false` when there is no memory for it. `cut` is called when it comes too slowly. */
  open(request: Holder, declaredBytes: number, cut: () => void): boolean {
    const nowMs = this.now();
    const hold: Hold = {
      place: -1,
      heldBytes: 0,
      receivedBytes: 0,
      sinceMs: nowMs,
      lastByteAtMs: nowMs,
      enteredAtMs: null,
      cut,
    };
    if (!this.take(hold, declaredBytes)) return false;
    request[HOLD] = hold;
    this.#reading.add(hold);
    return true;
  }

  /** Notes bytes that have come; `false` when there is no memory for them. */
  receive(request: Holder, bytes: number): boolean {
    const hold = request[HOLD];
    if (hold === undefined) return false;
    hold.receivedBytes += bytes;
    hold.lastByteAtMs = this.now();
    const missing = hold.receivedBytes - hold.heldBytes;
    return missing <= 0 || this.take(hold, missing);
  }

  /** Ends the reading of a body that is whole; its bytes stay in memory. `false`: too many were finished before it. */
  finish(request: Holder): boolean {
    const hold = request[HOLD];
    if (hold === undefined) return false;
    this.#reading.delete(hold);
    this.#inUseBytes -= hold.heldBytes - hold.receivedBytes;
    hold.heldBytes = hold.receivedBytes;
    if (!this.admission.hasRoomForBegun) return false;
    hold.enteredAtMs = this.admission.enter();
    return true;
  }

  /** Gives back all that a request holds; once it has been answered. */
  release(request: Holder): void {
    const hold = request[HOLD];
    if (hold === undefined) return;
    request[HOLD] = undefined;
    this.#reading.delete(hold);
    this.#inUseBytes -= hold.heldBytes;
    if (hold.enteredAtMs !== null) this.admission.leave(hold.enteredAtMs);
  }

  /** Cuts the bodies of which nothing comes any more, or too little. */
  cutSlowOnes(): void {
    const nowMs = this.now();
    const { bodyIdleMs, bodyGraceMs, leastBodyBytesPerSecond } = this.limits;
    for (const hold of this.#reading) {
      const tookMs = nowMs - hold.sinceMs;
      const isIdle = nowMs - hold.lastByteAtMs >= bodyIdleMs;
      const isSlow = tookMs >= bodyGraceMs && hold.receivedBytes * 1_000 < leastBodyBytesPerSecond * tookMs;
      if (isIdle || isSlow) this.cut(hold);
    }
  }

  private take(hold: Hold, bytes: number): boolean {
    const isLarge = hold.heldBytes + bytes > SMALL_BODY_BYTES;
    const most = this.limits.bodyMemoryBytes * (isLarge ? SHARE_OF_LARGE_BODIES : 1);
    if (this.#inUseBytes + bytes > most) this.makeRoom();
    if (this.#inUseBytes + bytes > most) return false;
    this.#inUseBytes += bytes;
    hold.heldBytes += bytes;
    return true;
  }

  /** However many send slowly: what they hold is not theirs while others would use it. */
  private makeRoom(): void {
    const nowMs = this.now();
    if (nowMs - this.#madeRoomAtMs < MAKE_ROOM_EVERY_MS) return;
    this.#madeRoomAtMs = nowMs;
    for (const hold of this.#reading) {
      const tookMs = nowMs - hold.sinceMs;
      if (tookMs > PACE_AFTER_MS && hold.receivedBytes * PACE_MS < hold.heldBytes * tookMs) this.cut(hold);
    }
  }

  private cut(hold: Hold): void {
    this.#reading.delete(hold);
    this.#inUseBytes -= hold.heldBytes;
    hold.heldBytes = 0;
    hold.receivedBytes = 0;
    hold.cut();
  }
}
