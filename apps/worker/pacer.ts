import type { Window } from '#deliveries';

/** What one destination has in this process. */
interface Lane {
  /** How many requests it may have under way, as far as its answers have shown. */
  size: number;
  sending: number;
  /** Claimed and not over: being sent, waiting for its turn, being written down. */
  inHand: number;
  readonly waiting: ((mayGo: boolean) => void)[];
  usedAtMs: number;
  /** Answers since `countedSinceMs`, and how many a second there were in the time before. */
  answers: number;
  countedSinceMs: number;
  answersPerSecond: number;
  /** Until then it has one request at a time, whatever it answers; `null`: from its next delivery on, for a moment. */
  inOrderUntilMs: number | null;
}

/** What nothing is known of gets one; it shows by answering that it can take more. */
export const FIRST_WINDOW = 1;
const DEFAULT_MAX_IN_FLIGHT = 10;
/** So many are claimed per request under way, so that the next ones are at hand when those are answered. */
const IN_HAND_PER_REQUEST = 4;
/** Of one that answers quickly, as many as it takes in this time: each claim costs as much as dozens of deliveries. */
const IN_HAND_SECONDS = 0.15;
const MOST_IN_HAND_PER_REQUEST = 32;
const COUNT_FOR_MS = 100;
const REMEMBER_FOR_MS = 10_000;
/** Two requests under way arrive in any order; what was held is sent in its order at least so long. */
const IN_ORDER_FOR_MS = 1_000;

/**
 * Lets each destination have as many requests under way as it has shown to take: one more with every answer, one at a
 * time while it does not answer. So thousands of destinations that hang hold one place each, and the others go on.
 */
export class Pacer {
  readonly #lanes = new Map<string, Lane>();

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** Counts a delivery as in hand. */
  enter(destinationId: string): void {
    const lane = this.#lanes.get(destinationId) ?? this.newLane(destinationId);
    lane.inHand += 1;
    lane.usedAtMs = this.nowMs();
    lane.inOrderUntilMs ??= lane.usedAtMs + IN_ORDER_FOR_MS;
  }

  /** Waits until a request may be sent; `false`: the destination has stopped answering, so better give it back. */
  async turn(destinationId: string): Promise<boolean> {
    const lane = this.#lanes.get(destinationId);
    if (lane === undefined || lane.sending >= lane.size)
      return new Promise((resolve) => lane?.waiting.push(resolve) ?? resolve(false));
    lane.sending += 1;
    return true;
  }

  /** Ends the turn of a request; `answered` is `null` when none was sent. `most` is what the destination allows. */
  endTurn(destinationId: string, answered: boolean | null, most: number | null): void {
    const lane = this.#lanes.get(destinationId);
    if (lane === undefined) return;
    lane.sending -= 1;
    if (answered === true) this.countAnswer(lane);
    if (answered === true && this.nowMs() >= (lane.inOrderUntilMs ?? Infinity))
      lane.size = Math.min(lane.size + 1, most ?? DEFAULT_MAX_IN_FLIGHT);
    if (answered === false) lane.size = FIRST_WINDOW;
    if (answered === false) for (const refuse of lane.waiting.splice(0)) refuse(false);
    while (lane.sending < lane.size && lane.waiting.length > 0) {
      lane.sending += 1;
      lane.waiting.shift()?.(true);
    }
  }

  /** Ends a delivery; `true` when it is worth looking for more of the destination. */
  leave(destinationId: string): boolean {
    const lane = this.#lanes.get(destinationId);
    if (lane === undefined) return true;
    lane.inHand -= 1;
    return lane.inHand <= windowOf(lane) / 2;
  }

  /** Begins anew with a destination that was changed: sends those away who wait, and takes what comes in order at first. */
  restart(destinationId: string): void {
    const lane = this.#lanes.get(destinationId) ?? this.newLane(destinationId);
    lane.usedAtMs = this.nowMs();
    lane.size = FIRST_WINDOW;
    lane.inOrderUntilMs = null;
    for (const refuse of lane.waiting.splice(0)) refuse(false);
  }

  /** The same for one to which something was released, unless it is busy: order is lost in a long backlog anyway. */
  resume(destinationId: string): void {
    if ((this.#lanes.get(destinationId)?.inHand ?? 0) <= 0) this.restart(destinationId);
  }

  /** Sends everybody away who waits for a turn. */
  close(): void {
    for (const lane of this.#lanes.values()) for (const refuse of lane.waiting.splice(0)) refuse(false);
  }

  /** How many deliveries of each destination may be in hand, and are. Forgets what has had none for a while. */
  windows(): Window[] {
    const since = this.nowMs() - REMEMBER_FOR_MS;
    for (const [id, lane] of this.#lanes)
      if (lane.inHand <= 0 && lane.usedAtMs < since) this.#lanes.delete(id);
    return [...this.#lanes].map(([destinationId, lane]) => ({
      destinationId,
      size: windowOf(lane),
      inFlight: lane.inHand,
    }));
  }

  private countAnswer(lane: Lane): void {
    lane.answers += 1;
    const countedMs = this.nowMs() - lane.countedSinceMs;
    if (countedMs < COUNT_FOR_MS) return;
    lane.answersPerSecond = (lane.answers * 1_000) / countedMs;
    lane.answers = 0;
    lane.countedSinceMs += countedMs;
  }

  private newLane(destinationId: string): Lane {
    const lane: Lane = {
      size: FIRST_WINDOW,
      sending: 0,
      inHand: 0,
      waiting: [],
      usedAtMs: 0,
      answers: 0,
      countedSinceMs: this.nowMs(),
      answersPerSecond: 0,
      inOrderUntilMs: 0,
    };
    this.#lanes.set(destinationId, lane);
    return lane;
  }
}

function windowOf({ size, answersPerSecond }: Lane): number {
  if (size === FIRST_WINDOW) return FIRST_WINDOW;
  const wanted = Math.ceil(answersPerSecond * IN_HAND_SECONDS);
  return Math.min(Math.max(size * IN_HAND_PER_REQUEST, wanted), size * MOST_IN_HAND_PER_REQUEST);
}
