import type { RefusedCallback } from './refused-callback.js';

const MOST_WAITING = 1_024;
const MOST_BYTES = 32 * 1024 * 1024;
/** So that one tenant's flood does not take every place. */
const MOST_OF_ONE_TENANT = 256;

/** A refused callback that waits to be diagnosed and written. */
export interface Waiting {
  readonly id: string;
  readonly refused: RefusedCallback;
}

/** Refused callbacks that wait their turn, bounded in number and bytes. */
export class WaitingRoom {
  readonly #queue: Waiting[] = [];
  readonly #byTenant = new Map<string, number>();
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Whether there was room. */
  enter(waiting: Waiting): boolean {
    const { tenantId } = waiting.refused.source;
    const ofTenant = this.#byTenant.get(tenantId) ?? 0;
    const bytes = this.#bytes + waiting.refused.callback.body.length;
    if (this.#queue.length >= MOST_WAITING || bytes > MOST_BYTES || ofTenant >= MOST_OF_ONE_TENANT)
      return false;
    this.#bytes = bytes;
    this.#byTenant.set(tenantId, ofTenant + 1);
    this.#queue.push(waiting);
    return true;
  }

  /** The one that has waited longest. */
  next(): Waiting | undefined {
    const waiting = this.#queue.shift();
    if (waiting === undefined) return undefined;
    const { source, callback } = waiting.refused;
    this.#bytes -= callback.body.length;
    const left = (this.#byTenant.get(source.tenantId) ?? 1) - 1;
    if (left === 0) this.#byTenant.delete(source.tenantId);
    else this.#byTenant.set(source.tenantId, left);
    return waiting;
  }
}
