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
const LONGER_BY_MS = 100;
const SHORTER_TO = 0.7;
/** Less than the three seconds after which the most impatient of providers gives up. */
const LONGEST_MS = 2_500;
const MOST_HELD_BYTES = 48 * 1_048_576;
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
    const isCostly = this.#turnedAway > Math.max(NUMBER_THAT_IS_CHEAP, this.#taken * SHARE_THAT_IS_CHEAP);
    const isRecent = nowMs - this.#windowSinceMs < 10 * WINDOW_MS;
    if (isCostly && isRecent) this.#holdMs = Math.min(LONGEST_MS, this.#holdMs + LONGER_BY_MS);
    else this.#holdMs = this.#holdMs < LONGER_BY_MS || !isRecent ? 0 : this.#holdMs * SHORTER_TO;
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
