import type { Worker } from 'node:cluster';
import { countsOf, createRegistry, type MetricsSnapshot, snapshotOf, sumUp } from '#metrics';

/** A process that does not answer in this time is left out, so that the others can be seen all the more. */
const TELL_WITHIN_MS = 2_000;

interface Asked {
  readonly told: (metrics: MetricsSnapshot) => void;
}

/** The metrics of all processes of this machine as one, in the primary process. */
export class MemberMetrics {
  readonly #own = createRegistry();
  readonly #asked = new Map<number, Asked>();
  readonly #last = new Map<number, MetricsSnapshot>();
  /** The counts of processes that have ended. */
  #ended: MetricsSnapshot | null = null;
  #lastId = 0;

  /** Asks every member and adds up what they tell. */
  async sum(members: readonly Worker[]): Promise<string> {
    const told = await Promise.all(members.map((member) => this.ask(member)));
    const snapshots = [...told, await snapshotOf(this.#own), this.#ended];
    return sumUp(snapshots.filter((snapshot) => snapshot !== null));
  }

  /** Takes what a member tells. */
  told(id: number, metrics: MetricsSnapshot): void {
    this.#asked.get(id)?.told(metrics);
  }

  /** Keeps what a member that has ended counted, as far as it was told; sums that go down would be taken for a restart. */
  async retire(member: Worker): Promise<void> {
    const last = this.#last.get(member.id);
    this.#last.delete(member.id);
    if (last !== undefined) this.#ended = await countsOf(this.#ended === null ? [last] : [this.#ended, last]);
  }

  private async ask(member: Worker): Promise<MetricsSnapshot | null> {
    if (!member.isConnected()) return null;
    const id = (this.#lastId += 1);
    const answer = new Promise<MetricsSnapshot | null>((resolve) => {
      this.#asked.set(id, { told: resolve });
      setTimeout(() => resolve(null), TELL_WITHIN_MS).unref();
    });
    member.send({ kind: 'tell_metrics', id });
    const metrics = await answer;
    this.#asked.delete(id);
    if (metrics !== null) this.#last.set(member.id, metrics);
    return metrics;
  }
}
