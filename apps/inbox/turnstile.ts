/** What is needed of a connection. */
interface Connection {
  readonly destroyed: boolean;
  pause(): unknown;
  resume(): unknown;
}

interface Left {
  readonly connection: Connection;
  readonly sinceMs: number;
}

/** Two full batches of the store, and half as many that are being read or answered. */
const MOST_INSIDE = 384;
/**
 * Node takes one new connection in each turn of its event loop, however many there are. So when they come turn after turn, more
 * are waiting, and the fewer requests are inside the sooner a turn is over: with all of them inside a thousand new
 * connections amid full load wait for seconds, with so few for a tenth of a second, and no fewer callbacks are stored.
 */
const MOST_INSIDE_IN_A_RUSH = 32;
const TURNS_OF_A_RUSH = 4;
/** A store that hangs answers nobody, and then nobody is called in; those who wait are to be told. */
const LONGEST_MS = 500;

/**
 * Leaves the next request of a connection in its socket while as many are inside as the store can use. Inside, a request
 * that waits takes some kilobytes of the heap, for so long that the garbage collector takes it for something that stays; in
 * the socket it takes nothing, and its sender, who waits for an answer, sends no other. Connections have their turns in the
 * order in which they were answered. A connection's first request always comes in.
 */
export class Turnstile {
  #inside = 0;
  /** Called in a moment ago; by the next but one turn of the event loop whatever they have sent has been read. */
  #called = 0;
  #left: Left[] = [];
  /** The place in `#left` of who is next. */
  #next = 0;
  #isOpen = false;
  #connected = 0;
  /** Turns of the event loop, one after the other, that had a new connection. */
  #turnsWithNew = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get waiting(): number {
    return this.#left.length - this.#next;
  }

  /** Takes notice of a new connection. */
  connect(): void {
    this.#connected += 1;
    this.#turnsWithNew += 1;
    const connected = this.#connected;
    const end = (): void => {
      if (this.#connected === connected) this.#turnsWithNew = 0;
    };
    // By then the next turn has had its new connection, if there was one.
    setImmediate(() => setImmediate(end));
  }

  /** Counts a request that has begun to be read. */
  enter(): void {
    this.#inside += 1;
  }

  /** Ends what {@link enter} began, once the request has been answered. */
  leave(connection: Connection): void {
    this.#inside -= 1;
    const isCrowded = this.#inside + this.#called >= this.most() || this.waiting > 0;
    if (isCrowded && !this.#isOpen && !connection.destroyed) {
      connection.pause();
      this.#left.push({ connection, sinceMs: this.now() });
    }
    this.callIn();
  }

  /** Calls in whoever has waited for too long. */
  callInOverdue(): void {
    const latestMs = this.now() - LONGEST_MS;
    while ((this.#left[this.#next]?.sinceMs ?? Infinity) < latestMs) this.callNext();
  }

  /** Calls in everybody, and leaves nobody any more. */
  open(): void {
    this.#isOpen = true;
    while (this.waiting > 0) this.callNext();
  }

  private most(): number {
    return this.#turnsWithNew < TURNS_OF_A_RUSH ? MOST_INSIDE : MOST_INSIDE_IN_A_RUSH;
  }

  private callIn(): void {
    while (this.waiting > 0 && this.#inside + this.#called < this.most()) this.callNext();
  }

  private callNext(): void {
    const connection = this.#left[this.#next]?.connection;
    this.#next += 1;
    if (this.#next === this.#left.length || this.#next >= MOST_INSIDE) {
      this.#left.splice(0, this.#next);
      this.#next = 0;
    }
    if (connection === undefined || connection.destroyed) return;
    if (this.#called === 0) setImmediate(() => setImmediate(() => this.forgetCalled()));
    this.#called += 1;
    connection.resume();
  }

  private forgetCalled(): void {
    this.#called = 0;
    this.callIn();
  }
}
