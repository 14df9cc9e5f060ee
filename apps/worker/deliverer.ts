import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { toUlid } from '#contract';
import { type Change, GroupCommit } from '#database';
import {
  type ClaimedDelivery,
  claimDue,
  type DeliveryPreparer,
  recordAttempts,
  type Recorded,
  type RecordedAttempt,
  setAside,
} from '#deliveries';
import type { Logger } from '#logging';
import type { OutboundClient } from '#outbound';
import { ByteBudget } from './byte-budget.js';
import { deliver, type DeliverDependencies } from './deliver.js';
import type { DeliveryMetrics, DestinationChange } from './delivery-metrics.js';
import { LEASE_SECONDS, Leases } from './leases.js';
import { FIRST_WINDOW, Pacer } from './pacer.js';
import { RecentChanges } from './recent-changes.js';

const MOST_IN_FLIGHT = 2_000;
const DRAIN_MS = 15_000;
const RECORD_AGAIN_AFTER_MS = 500;
const RECORD_FOR_MS = 60_000;
const TRY_AGAIN_AFTER_SECONDS = 5;
const STILL_SENDING_SECONDS = 1;
/** Small bodies are always let in; the large ones share the budget, so that only they wait for each other. */
const LARGE_BODY_BYTES = 65_536;
const LARGE_BODIES_BYTES = 256 * 1024 * 1024;

interface DelivererDependencies {
  readonly pool: pg.Pool;
  readonly preparer: DeliveryPreparer;
  readonly client: OutboundClient;
  readonly logger: Logger;
  readonly metrics: DeliveryMetrics;
  /** Called when a place has become free that something may be waiting for. */
  readonly onRoom: () => void;
}

/** Claims due deliveries and sends many of them at once, within the limits of this process. */
export class Deliverer {
  readonly #pacer = new Pacer();
  readonly #leases: Leases;
  readonly #changes = new RecentChanges();
  readonly #largeBodies = new ByteBudget(LARGE_BODIES_BYTES);
  readonly #records: GroupCommit<RecordedAttempt, Recorded>;
  readonly #unsent: GroupCommit<ClaimedDelivery, undefined>;
  readonly #steps: DeliverDependencies;
  /** Destinations of which more may be due than there was room for. */
  readonly #crowded = new Set<string>();
  /** For lines made of known facts only; looking through each for what to redact would cost as much as writing it. */
  readonly #facts: Logger;
  #isFull = false;
  #isStopping = false;

  constructor(private readonly house: DelivererDependencies) {
    this.#leases = new Leases(house.pool, house.logger);
    this.#facts = house.logger.child({}, { redact: [] });
    this.#records = new GroupCommit({
      write: (batch) => recordAttempts(house.pool, batch),
      bytesOf: (attempt) => attempt.responseBody?.length ?? 0,
      mostRows: 100,
      mostBatchBytes: 4 * 1024 * 1024,
      mostWaitingRows: 10_000,
      mostWaitingBytes: 256 * 1024 * 1024,
    });
    this.#unsent = new GroupCommit({
      write: async (batch) => {
        await this.#leases.giveBack(batch);
        return batch.map(() => undefined);
      },
      bytesOf: () => 0,
      mostRows: 1_000,
      mostBatchBytes: Infinity,
      mostWaitingRows: Infinity,
      mostWaitingBytes: Infinity,
    });
    this.#steps = {
      turn: async (delivery) => this.isCurrent(delivery) && this.#pacer.turn(delivery.destination.id),
      endTurn: ({ destination }, answered) =>
        this.#pacer.endTurn(destination.id, answered, destination.max_in_flight),
      maySend: (delivery) => this.isCurrent(delivery) && this.#leases.isSafe(delivery),
      prepare: (delivery, nowMs) => house.preparer.prepare(house.pool, delivery, nowMs),
      send: (request) => house.client.send(request),
      record: (attempt) => this.record(attempt),
      setAside: (delivery, obstacle) => setAside(house.pool, delivery, obstacle),
      giveBack: (delivery) => this.#unsent.add(delivery),
    };
  }

  /** Claims as much as there is room for and starts sending it; `true` when there may be more. */
  async work(): Promise<boolean> {
    const room = MOST_IN_FLIGHT - this.#leases.count;
    this.#isFull = room <= 0;
    if (this.#isFull || this.#isStopping) return false;
    const askedAtMs = performance.now();
    const claimed = await claimDue(this.house.pool, {
      leaseSeconds: LEASE_SECONDS,
      most: room,
      windows: this.#pacer.windows(),
      firstWindow: FIRST_WINDOW,
      shares: this.#leases.shares(),
    });
    this.#isFull = claimed.length === room;
    // A lease that could not be prolonged may come back to us while its attempt is still under way. Sending now would
    // send twice at once; the old attempt's result is refused already.
    const still = claimed.filter(({ id }) => this.#leases.has(id));
    // Each can still read its own, when it is its turn.
    await this.house.preparer.preload(this.house.pool, claimed).catch(() => undefined);
    for (const delivery of claimed) {
      if (delivery.has_more) this.#crowded.add(delivery.destination.id);
      if (!this.#leases.has(delivery.id)) void this.run(delivery, askedAtMs);
    }
    if (still.length > 0) await this.#leases.giveBack(still, STILL_SENDING_SECONDS);
    return false;
  }

  /** Of a destination or source that was changed, what has not been sent is given back, to be claimed as it is now. */
  heedChange(change: Change | 'unknown'): void {
    if (change === 'unknown') return; // What is in hand is over within seconds, and claimed as it is then.
    const destinationId = this.#changes.note(change);
    if (destinationId !== null) this.#pacer.restart(destinationId);
  }

  /** What was held for these destinations is sent on. */
  resume(destinationIds: readonly string[]): void {
    for (const id of destinationIds) this.#pacer.resume(id);
  }

  /** Takes on nothing more; what waits is given back at once. */
  beginStop(): void {
    this.#isStopping = true;
    this.#pacer.close();
  }

  /** Finishes what is being sent, for a while, and gives back the rest. */
  async stop(): Promise<void> {
    this.beginStop();
    const until = Date.now() + DRAIN_MS;
    while (this.#leases.count > 0 && Date.now() < until) await sleep(20);
    this.house.client.close();
    while (this.#leases.count > 0 && Date.now() < until + DRAIN_MS) await sleep(20);
    await this.#records.drain();
    this.#leases.stop();
  }

  private isCurrent(delivery: ClaimedDelivery): boolean {
    return !this.#isStopping && !this.#changes.haveOvertaken(delivery, this.#leases.claimedAtMs(delivery));
  }

  private async run(delivery: ClaimedDelivery, askedAtMs: number): Promise<void> {
    const { id: destinationId } = delivery.destination;
    this.#leases.keep(delivery, askedAtMs);
    this.#pacer.enter(destinationId);
    let largeBytes = 0;
    try {
      const size = delivery.event?.size ?? 0;
      if (size > LARGE_BODY_BYTES) largeBytes = await this.#largeBodies.take(size);
      await deliver(delivery, this.#steps);
    } catch (error) {
      await this.tryLater(delivery, error);
    } finally {
      this.#largeBodies.give(largeBytes);
      this.#leases.forget(delivery);
      const hasRoom = this.#pacer.leave(destinationId);
      if ((hasRoom && this.#crowded.delete(destinationId)) || this.#isFull) this.house.onRoom();
    }
  }

  /** The database could not be asked: nothing was sent. When it cannot even be told so, the lease runs out. */
  private async tryLater(delivery: ClaimedDelivery, error: unknown): Promise<void> {
    this.house.logger.error({ delivery_id: toUlid(delivery.id), error }, 'delivery.not_attempted');
    await this.#leases.giveBack([delivery], TRY_AGAIN_AFTER_SECONDS).catch(() => undefined);
  }

  /** An attempt that was made is not made again because the database is away for a moment. */
  private async record(attempt: RecordedAttempt): Promise<void> {
    const untilMs = performance.now() + RECORD_FOR_MS;
    for (;;) {
      try {
        return this.noteRecorded(attempt, await this.#records.add(attempt));
      } catch (error) {
        this.house.logger.error({ delivery_id: toUlid(attempt.deliveryId), error }, 'delivery.not_recorded');
        if (performance.now() > untilMs) return;
        await sleep(RECORD_AGAIN_AFTER_MS);
      }
    }
  }

  private noteRecorded(attempt: RecordedAttempt, recorded: Recorded): void {
    const { logger, metrics } = this.house;
    metrics.attempted(attempt.decision.status, attempt.durationMs);
    const facts = {
      tenant_id: toUlid(attempt.tenantId),
      delivery_id: toUlid(attempt.deliveryId),
      destination_id: toUlid(attempt.destinationId),
    };
    this.#facts.info(
      {
        ...facts,
        attempt: attempt.number,
        status_code: attempt.statusCode,
        ...(attempt.error === null ? {} : { failure: attempt.error }),
        next: recorded.isHeard ? attempt.decision.status : 'lease_lost',
        duration_ms: attempt.durationMs,
      },
      'delivery.attempted',
    );
    for (const [change, reason] of changesOf(recorded)) {
      metrics.destinationChanged(change, reason);
      logger.warn({ ...facts, ...(reason === null ? {} : { reason }) }, `destination.${change}`);
    }
  }
}

/** What an attempt has done to its destination, for the log and the metrics. */
function changesOf({
  paused,
  circuit,
  isWarned,
}: Recorded): [change: DestinationChange, reason: string | null][] {
  const changes: [DestinationChange, string | null][] = [];
  if (circuit !== null) changes.push([`circuit_${circuit}`, null]);
  if (isWarned) changes.push(['failing', null]);
  if (paused !== null) changes.push(['paused', paused]);
  return changes;
}
