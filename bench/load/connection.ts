import { connect, type Socket } from 'node:net';
import { type Answer, ResponseReader } from './response-reader.js';

const READ_BUFFER_BYTES = 4_096;

/** What a connection says to the run that it is part of. */
export interface ConnectionEvents {
  onAnswer(connection: Connection, answer: Answer): void;
  /** It was lost, with the request under way if there was one. It connects anew by itself. */
  onLost(connection: Connection): void;
  /** It is there again after it was lost. */
  onReady(connection: Connection): void;
}

/** A kept-alive connection with at most one request under way; connects anew when it is lost. */
export class Connection {
  /** Index of the request under way in the pool; -1: none. */
  slot = -1;
  counter = 0;
  /** When the request under way was meant to be sent. */
  sinceMs = 0;
  /** When it was sent. */
  sentMs = 0;
  #socket: Socket;
  #reader = new ResponseReader();
  #isOpen = false;
  #isClosing = false;
  readonly #buffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);

  constructor(
    private readonly address: { readonly host: string; readonly port: number },
    private readonly events: ConnectionEvents,
  ) {
    this.#socket = this.open();
  }

  get isFree(): boolean {
    return this.#isOpen && this.slot < 0;
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  private open(): Socket {
    const socket = connect({
      ...this.address,
      noDelay: true,
      // Without a stream's buffers and events in between: most of what a request would otherwise cost.
      onread: { buffer: this.#buffer, callback: (length) => this.take(length) },
    });
    socket.once('connect', () => {
      this.#isOpen = true;
      this.events.onReady(this);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => this.lost());
    return socket;
  }

  private take(length: number): boolean {
    const answer = this.#reader.read(this.#buffer.subarray(0, length));
    if (answer === null) return true;
    // An answer to nothing: the server has closed a connection that was idle for long, and says why.
    if (this.slot < 0) {
      this.#socket.destroy();
      return true;
    }
    if (answer.closes) {
      this.#isOpen = false;
      this.#socket.destroy();
    }
    this.events.onAnswer(this, answer);
    return true;
  }

  private lost(): void {
    this.#isOpen = false;
    if (this.#isClosing) return;
    this.events.onLost(this);
    this.#reader = new ResponseReader();
    setTimeout(() => {
      if (!this.#isClosing) this.#socket = this.open();
    }, 10);
  }
}
