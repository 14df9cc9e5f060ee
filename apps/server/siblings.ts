import type { Registry } from '#metrics';
import { snapshotOf } from '#metrics';
import { type FromMember, isOurs, type ToMember } from './process-messages.js';

/** Injection token of {@link Siblings}; `null` in a process that serves alone. */
export const SIBLINGS = Symbol('SIBLINGS');

const ANSWER_WITHIN_MS = 5_000;

/** The other processes that share this one's port, by way of the primary one. */
export class Siblings {
  readonly #waiting = new Map<number, (text: string | null) => void>();
  #lastId = 0;

  /** Tells the primary process, whenever it asks, what `registry` holds. */
  tellMetricsOf(registry: Registry): void {
    process.on('message', (message: unknown) => {
      if (!isOurs<ToMember>(message)) return;
      if (message.kind === 'tell_metrics') void this.tell(registry, message.id);
      else if (message.kind === 'metrics_sum') this.#waiting.get(message.id)?.(message.text);
    });
  }

  /** The metrics of all processes as one; `null` when they cannot be had. */
  async metrics(): Promise<string | null> {
    const id = (this.#lastId += 1);
    const answer = new Promise<string | null>((resolve) => {
      this.#waiting.set(id, resolve);
      setTimeout(() => resolve(null), ANSWER_WITHIN_MS).unref();
    });
    say({ kind: 'metrics_asked', id });
    const text = await answer;
    this.#waiting.delete(id);
    return text;
  }

  private async tell(registry: Registry, id: number): Promise<void> {
    say({ kind: 'metrics_told', id, metrics: await snapshotOf(registry) });
  }
}

/** Says something to the primary process, unless it is gone. */
export function say(message: FromMember): void {
  if (process.connected) process.send?.(message);
}
