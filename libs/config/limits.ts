/** How long senders may take, how many may be connected, and what their bodies may take of this process's memory. */
export interface Limits {
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to its last one. */
  readonly requestTimeoutMs: number;
  /** How long a connection may stand before its first byte comes. */
  readonly silenceTimeoutMs: number;
  /** How long a connection may stand idle between two requests. */
  readonly keepAliveTimeoutMs: number;
  /** From the beginning of the end of the process to that of its last connections, whatever is still under way there. */
  readonly drainWithinMs: number;
  /** How often connections and bodies are looked at for those that have taken too long. */
  readonly checkEveryMs: number;
  readonly mostConnections: number;
  /** Bodies of callbacks in memory at a time, each from its first byte until its event is stored. */
  readonly bodyMemoryBytes: number;
  /** A body of which nothing has come for so long is cut. */
  readonly bodyIdleMs: number;
  /** A body that has taken so long is cut unless it has come at {@link leastBodyBytesPerSecond}. */
  readonly bodyGraceMs: number;
  readonly leastBodyBytesPerSecond: number;
  /** How long a callback may take from its last byte to its answer before new ones are turned away. */
  readonly targetWaitMs: number;
}

/** The limits of a process that is told nothing else. */
export const defaultLimits: Limits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  silenceTimeoutMs: 60_000,
  // Longer than the minute after which load balancers close theirs: who closes first must not be the one that is sent to.
  keepAliveTimeoutMs: 75_000,
  drainWithinMs: 10_000,
  checkEveryMs: 1_000,
  mostConnections: 10_000,
  bodyMemoryBytes: 64 * 1_048_576,
  bodyIdleMs: 10_000,
  bodyGraceMs: 10_000,
  leastBodyBytesPerSecond: 1_024,
  targetWaitMs: 100,
};
