import type { Dispatcher } from 'undici';
import { failureCodeOf, OutboundFailure } from './outbound-failure.js';

/** A request as undici takes it, and how much of the answer is wanted. */
export interface WireRequest {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer;
  readonly maxResponseBytes: number;
}

/** What came back; header names and values as they stood on the wire, one character per byte (latin1). */
export interface Answer {
  readonly statusCode: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The bytes as they came: a compressed body stays compressed. */
  readonly body: Buffer;
  /** The body was longer than wanted; the rest was not read. */
  readonly truncated: boolean;
}

interface ExchangeOutcome {
  /** `isConnectionClean`: nothing of this answer is left to come. */
  readonly onAnswer: (answer: Answer, isConnectionClean: boolean) => void;
  readonly onFailure: (failure: OutboundFailure, isSent: boolean) => void;
}

/**
 * Collects one answer. Uses undici's older callbacks, which give header bytes as they came; the newer ones first
 * build an object in which order, spelling and a header called `__proto__` are lost.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  private isSent = false;
  private isOver = false;
  private statusCode: number | null = null;
  private headers: [name: string, value: string][] = [];
  private readonly body: BoundedBytes;

  constructor(
    maxResponseBytes: number,
    private readonly outcome: ExchangeOutcome,
  ) {
    this.body = new BoundedBytes(maxResponseBytes);
  }

  onConnect(): void {
    // Called just before writing. A second call would send the request twice.
    if (this.isSent || this.isOver) throw new OutboundFailure('connection_reset');
    this.isSent = true;
  }

  onHeaders(statusCode: number, rawHeaders: Buffer[]): boolean {
    if (statusCode < 200) return true; // 1xx: the answer is yet to come (RFC 9110 section 15.2)
    this.statusCode = statusCode;
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      this.headers.push([latin1(rawHeaders[index]), latin1(rawHeaders[index + 1])]);
    }
    // RFC 9110 section 8.6: these have no body whatever length they tell, for which undici would wait.
    if ((statusCode === 204 || statusCode === 304) && this.tellsLength()) this.answer(false, false);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (!this.isOver && !this.body.append(chunk)) this.answer(true, false);
    return true;
  }

  onComplete(): void {
    if (!this.isOver) this.answer(false, true);
  }

  onError(error: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    const { statusCode, headers, body } = this;
    const partial = statusCode === null ? null : { statusCode, headers, body: body.read() };
    this.outcome.onFailure(new OutboundFailure(failureCodeOf(error, statusCode), partial), this.isSent);
  }

  private tellsLength(): boolean {
    return this.headers.some(([name, value]) => name.toLowerCase() === 'content-length' && value !== '0');
  }

  private answer(truncated: boolean, isConnectionClean: boolean): void {
    this.isOver = true;
    const { statusCode, headers, body } = this;
    this.outcome.onAnswer(
      { statusCode: statusCode ?? 0, headers, body: body.read(), truncated },
      isConnectionClean,
    );
  }
}

const latin1 = (bytes: Buffer | undefined): string => bytes?.toString('latin1') ?? '';

/** Copies what comes, for a body that arrives in one-byte chunks must not hold as many buffers as it has bytes. */
class BoundedBytes {
  private bytes = Buffer.alloc(0);
  private length = 0;

  constructor(private readonly limit: number) {}

  /** False when the chunk goes beyond the limit; what fits is kept. */
  append(chunk: Buffer): boolean {
    const wanted = Math.min(this.length + chunk.length, this.limit);
    if (wanted > this.bytes.length) this.grow(Math.min(this.limit, Math.max(wanted, this.bytes.length * 2)));
    chunk.copy(this.bytes, this.length, 0, wanted - this.length);
    const fits = this.length + chunk.length <= this.limit;
    this.length = wanted;
    return fits;
  }

  read(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private grow(capacity: number): void {
    const larger = Buffer.allocUnsafe(capacity);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
