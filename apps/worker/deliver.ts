import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { toUlid } from '#contract';
import { GroupCommit, newId } from '#database';
import {
  type AttemptResult,
  type ClaimedDelivery,
  claimDue,
  decide,
  type DeliveryPreparer,
  recordAttempts,
  type RecordedAttempt,
  releaseLeases,
  renewLeases,
  setAside,
} from '#deliveries';
import { Problem } from '#errors';
import type { Logger } from '#logging';
import type { OutboundClient, OutboundResult } from '#outbound';
import { findPreset } from '#providers';
import type { DeliveryMetrics } from './delivery-metrics.js';
import { Pacer } from './pacer.js';

const MOST_IN_FLIGHT = 200;
const MOST_PER_DESTINATION = 10;
/** A worker that dies is replaced within this time and one look of another worker. */
const LEASE_SECONDS = 20;
const RENEW_EVERY_MS = 5_000;
const DRAIN_MS = 15_000;

interface DelivererDependencies {
  readonly pool: pg.Pool;
  readonly preparer: DeliveryPreparer;
  readonly client: OutboundClient;
  readonly logger: Logger;
  readonly metrics: DeliveryMetrics;
  /** Called when a place has become free. */
  readonly onRoom: () => void;
}

/** Sends due deliveries: claim, prepare, send outside any transaction, decide, record. */
export class Deliverer {
  readonly #leaseId = newId();
  readonly #inFlight = new Map<string, ClaimedDelivery>();
  readonly #pacer = new Pacer(MOST_PER_DESTINATION);
  readonly #mostInFlight = new Map<string, number>();
  readonly #records: GroupCommit<RecordedAttempt, undefined>;
  #wasFull = false;
  #renewTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(private readonly house: DelivererDependencies) {
    this.#records = new GroupCommit({
      write: async (batch) => {
        await recordAttempts(house.pool, batch);
        return batch.map(() => undefined);
      },
      bytesOf: (attempt) => attempt.responseBody?.length ?? 0,
      mostRows: 100,
      mostBatchBytes: 4 * 1024 * 1024,
      mostWaitingRows: 10_000,
      mostWaitingBytes: 64 * 1024 * 1024,
    });
  }

  /** Claims as much as there is room for and starts sending it; `true` when there may be more. */
  async work(): Promise<boolean> {
    this.#renewTimer ??= setInterval(() => void this.renew(), RENEW_EVERY_MS).unref();
    const room = MOST_IN_FLIGHT - this.#inFlight.size;
    this.#wasFull = room <= 0;
    if (this.#wasFull) return false;
    const except = this.#pacer.full(this.#mostInFlight);
    const claimed = await claimDue(this.house.pool, {
      leaseId: this.#leaseId,
      leaseSeconds: LEASE_SECONDS,
      most: room,
      mostPerDestination: MOST_PER_DESTINATION,
      except,
    });
    this.#wasFull = claimed.length === room || except.length > 0;
    for (const delivery of claimed) void this.deliver(delivery);
    return claimed.length > 0 && claimed.length < room;
  }

  /** Finishes what is being sent, for a while, and gives back the rest. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const until = Date.now() + DRAIN_MS;
    while (this.#inFlight.size > 0 && Date.now() < until) await sleep(20);
    this.house.client.close();
    await this.#records.drain();
    clearInterval(this.#renewTimer);
    await releaseLeases(this.house.pool, this.#leaseId);
  }

  private async deliver(delivery: ClaimedDelivery): Promise<void> {
    const { destination } = delivery;
    this.#inFlight.set(delivery.id, delivery);
    this.#pacer.enter(destination.id);
    if (destination.max_in_flight !== null) this.#mostInFlight.set(destination.id, destination.max_in_flight);
    else this.#mostInFlight.delete(destination.id);
    try {
      if (delivery.is_deleted) await setAside(this.house.pool, delivery, this.#leaseId, 'cancelled');
      else if (delivery.is_paused) await setAside(this.house.pool, delivery, this.#leaseId, 'held');
      else await this.attempt(delivery);
    } catch (error) {
      await this.giveUpOn(delivery, error);
    } finally {
      this.#inFlight.delete(delivery.id);
      this.#pacer.leave(destination.id);
      if (this.#wasFull) this.house.onRoom();
    }
  }

  private async attempt(delivery: ClaimedDelivery): Promise<void> {
    const { destination } = delivery;
    const most = destination.max_in_flight ?? MOST_PER_DESTINATION;
    // More than the destination may have at once can have been claimed with one look; they take turns.
    while (this.#pacer.inFlight(destination.id) > most && !this.isFirst(delivery, most)) await sleep(10);
    const waitMs = this.#pacer.waitMs(destination.id, destination.rate_limit_per_second, Date.now());
    if (waitMs > 0) await sleep(waitMs);
    if (this.#stopped) return;

    const startedAtMs = Date.now();
    const { request, isFinal } = await this.prepare(delivery, startedAtMs);
    const result = await this.house.client.send(request);
    // Cut off by our own stopping: the lease is given back and another worker tries.
    if (!result.ok && result.error === 'client_closed') return;
    await this.record(delivery, { startedAtMs, result, isFinal });
  }

  /** Whether a delivery is among the `most` oldest under way to its destination. */
  private isFirst(delivery: ClaimedDelivery, most: number): boolean {
    let position = 0;
    for (const other of this.#inFlight.values()) {
      if (other.id === delivery.id) return position < most;
      if (other.destination.id === delivery.destination.id) position += 1;
    }
    return true;
  }

  private async prepare(delivery: ClaimedDelivery, nowMs: number) {
    const { provider, ...request } = await this.house.preparer.prepare(delivery, nowMs);
    return { request, isFinal: findPreset(provider)?.isFinalFailure };
  }

  private async record(
    delivery: ClaimedDelivery,
    made: { startedAtMs: number; result: OutboundResult; isFinal: ReturnsFinal },
  ): Promise<void> {
    const { result, startedAtMs } = made;
    const number = delivery.attempt_count + 1;
    const decision = decide(attemptResult(result, made.isFinal), {
      attemptCount: number,
      scheduleSeconds: delivery.destination.retry_schedule_seconds,
      nowMs: Date.now(),
      random: Math.random(),
    });
    await this.#records.add({
      tenantId: delivery.tenant_id,
      deliveryId: delivery.id,
      destinationId: delivery.destination.id,
      leaseId: this.#leaseId,
      number,
      startedAtMs,
      durationMs: result.durationMs,
      statusCode: result.statusCode,
      error: result.ok ? null : result.error,
      responseHeaders: result.ok ? result.headers : null,
      responseBody: result.ok ? result.body : null,
      responseTruncated: result.ok && result.truncated,
      decision,
    });
    this.house.metrics.attempted(decision.status, result.durationMs);
    this.house.logger.info(
      {
        tenant_id: toUlid(delivery.tenant_id),
        delivery_id: toUlid(delivery.id),
        event_id: toUlid(delivery.event_id),
        destination_id: toUlid(delivery.destination.id),
        attempt: number,
        status_code: result.statusCode,
        ...(result.ok ? {} : { failure: result.error }),
        next: decision.status,
        duration_ms: result.durationMs,
      },
      'delivery.attempted',
    );
  }

  /** What cannot even be prepared: an erased event is cancelled; for anything else the lease runs out and it is tried again. */
  private async giveUpOn(delivery: ClaimedDelivery, error: unknown): Promise<void> {
    const isGone = error instanceof Problem && error.code === 'not_found';
    if (!isGone)
      this.house.logger.error({ delivery_id: toUlid(delivery.id), error }, 'delivery.not_attempted');
    else await setAside(this.house.pool, delivery, this.#leaseId, 'cancelled').catch(() => undefined);
  }

  private async renew(): Promise<void> {
    if (this.#inFlight.size === 0) return;
    const lease = { leaseId: this.#leaseId, leaseSeconds: LEASE_SECONDS };
    await renewLeases(this.house.pool, lease, [...this.#inFlight.values()]).catch((error: unknown) =>
      this.house.logger.warn({ error }, 'delivery.leases_not_renewed'),
    );
  }
}

type ReturnsFinal =
  ((statusCode: number, headers: readonly (readonly [string, string])[]) => boolean) | undefined;

function attemptResult(result: OutboundResult, isFinal: ReturnsFinal): AttemptResult {
  if (!result.ok)
    return { statusCode: result.statusCode, error: result.error, retryAfter: null, isFinal: false };
  const retryAfter = result.headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1] ?? null;
  return {
    statusCode: result.statusCode,
    error: null,
    retryAfter,
    isFinal: isFinal?.(result.statusCode, result.headers) ?? false,
  };
}
