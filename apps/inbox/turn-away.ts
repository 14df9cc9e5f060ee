import type { IncomingMessage, ServerResponse } from 'node:http';
import { toUlid } from '#contract';
import { newId } from '#database';
import { unavailableReply } from './reply.js';
import { sendReply } from './send-reply.js';

const WINDOW_MS = 100;
const RELEASE_EVERY_MS = 20;
/** Beyond this share of what is taken, turning away costs the store its processor. */
const SHARE_THAT_IS_CHEAP = 0.25;
const NUMBER_THAT_IS_CHEAP = 50;
const SHORTEST_MS = 100;
const MOST_TIMES_LONGER = 2;
/** In each window that has no more to turn away than is cheap. */
const SHORTER_TO = 0.9;
/** When nothing has been taken for so long, the store hangs, and there is no processor to be saved for it. */
const IN_VAIN_AFTER_MS = 1_000;
/** Less than the three seconds after which the most impatient of providers gives up. */
const LONGEST_MS = 2_500;
const MOST_HELD_BYTES = 64 * 1_048_576;
/** What a request takes beside its body. */
const REQUEST_BYTES = 6_144;
/** What Node reads of a body before it waits for somebody to take it: at most one piece. */
const MOST_UNREAD_BYTES = 65_536;

interface Held {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly bytes: number;
  readonly untilMs: number;
}

/**
 * Answers callbacks for which there is no room. While few are turned away they are answered at once. When they are so
 * many that answering them would take the processor from those that are taken, each is kept for a moment first: its
 * sender, who waits for the answer, cannot send the next one meanwhile.
 */
export class TurnAway {
  #held: Held[] = [];
  #heldBytes = 0;
  #holdMs = 0;
  #windowSinceMs = 0;
  #turnedAway = 0;
  #taken = 0;
  #tookAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get holdMs(): number {
    return this.#holdMs;
  }

  /** Counts a callback that is taken. */
  take(): void {
    this.#taken += 1;
  }

  /** Answers 503, now or in a moment. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    const nowMs = this.now();
    this.#turnedAway += 1;
    if (nowMs - this.#windowSinceMs >= WINDOW_MS) this.adapt(nowMs);
    const bodyBytes = Number(request.headers['content-length'] ?? Infinity);
    const bytes = REQUEST_BYTES + Math.min(bodyBytes, MOST_UNREAD_BYTES);
    if (this.#holdMs === 0 || this.#heldBytes + bytes > MOST_HELD_BYTES) return send(request, response);
    this.#held.push({ request, response, bytes, untilMs: nowMs + this.#holdMs });
    this.#heldBytes += bytes;
    this.#timer ??= setTimeout(() => this.release(this.now()), RELEASE_EVERY_MS).unref();
  }

  /** Answers all who are kept, at the end of the process. */
  answerAll(): void {
    this.release(Infinity);
  }

  private adapt(nowMs: number): void {
    const windows = (nowMs - this.#windowSinceMs) / WINDOW_MS;
    const cheap = Math.max(NUMBER_THAT_IS_CHEAP * windows, this.#taken * SHARE_THAT_IS_CHEAP);
    // Senders that wait come again as many times a second as they wait shorter: by that their number is steered.
    const excess = this.#turnedAway / cheap;
    if (this.#taken > 0) this.#tookAtMs = nowMs;
    if (nowMs - this.#tookAtMs > IN_VAIN_AFTER_MS) this.#holdMs = 0;
    else if (excess <= 1) this.#holdMs *= Math.max(excess, SHORTER_TO ** windows);
    else this.#holdMs = Math.max(SHORTEST_MS, this.#holdMs) * Math.min(MOST_TIMES_LONGER, excess);
    this.#holdMs = this.#holdMs < SHORTEST_MS ? 0 : Math.min(LONGEST_MS, this.#holdMs);
    this.#windowSinceMs = nowMs;
    this.#turnedAway = 0;
    this.#taken = 0;
  }

  private release(nowMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // In the order they came; one that may go sooner, because fewer come now, waits for those before it.
    let count = this.#held.findIndex(({ untilMs }) => untilMs > nowMs);
    if (count < 0) count = this.#held.length;
    for (const { request, response, bytes } of this.#held.splice(0, count)) {
      this.#heldBytes -= bytes;
      send(request, response);
    }
    if (this.#held.length > 0)
      this.#timer = setTimeout(() => this.release(this.now()), RELEASE_EVERY_MS).unref();
  }
}

function send(request: IncomingMessage, response: ServerResponse): void {
  sendReply(request, response, unavailableReply(toUlid(newId())));
}
