import type pg from 'pg';
import { type ClaimedDelivery, giveBack, renewLeases, type Share } from '#deliveries';
import type { Logger } from '#logging';

/** A worker that dies is replaced within this time and one look of another worker. */
export const LEASE_SECONDS = 20;
const RENEW_EVERY_MS = 5_000;
/** Sending stops this long before the lease could have ended by the database's clock. */
const MARGIN_MS = 2_000;

/** The leases of this worker: prolongs them while it works, and knows which ones it can rely on. */
export class Leases {
  /** By delivery id; `untilMs` in the time of `performance.now()`, which no one can set back. */
  readonly #held = new Map<string, { delivery: ClaimedDelivery; claimedAtMs: number; untilMs: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly pool: pg.Pool,
    private readonly logger: Logger,
  ) {}

  get count(): number {
    return this.#held.size;
  }

  /** How many of them each tenant has. */
  shares(): Share[] {
    const counts = new Map<string, number>();
    for (const { delivery } of this.#held.values())
      counts.set(delivery.tenant_id, (counts.get(delivery.tenant_id) ?? 0) + 1);
    return [...counts].map(([tenantId, inFlight]) => ({ tenantId, inFlight }));
  }

  /** Deliveries that are claimed and neither recorded nor given back. */
  has(deliveryId: string): boolean {
    return this.#held.has(deliveryId);
  }

  /** Keeps the lease of a delivery; `askedAtMs` is when its claim was sent off. */
  keep(delivery: ClaimedDelivery, askedAtMs: number): void {
    this.#held.set(delivery.id, { delivery, claimedAtMs: askedAtMs, untilMs: endOf(askedAtMs) });
    this.#timer ??= setInterval(() => void this.renew(), RENEW_EVERY_MS).unref();
  }

  /** Whether nobody else can have this delivery now. After a halt of the whole process this says no. */
  isSafe({ id, lease_id }: ClaimedDelivery): boolean {
    const held = this.#held.get(id);
    return held !== undefined && held.delivery.lease_id === lease_id && performance.now() < held.untilMs;
  }

  /** When the claim of a delivery was sent off: what it says of the destination is not older. */
  claimedAtMs({ id }: ClaimedDelivery): number {
    return this.#held.get(id)?.claimedAtMs ?? -Infinity;
  }

  forget({ id }: ClaimedDelivery): void {
    this.#held.delete(id);
  }

  /** Gives deliveries back unsent, for another worker or another time. */
  giveBack(deliveries: readonly ClaimedDelivery[], delaySeconds = 0): Promise<void> {
    return giveBack(this.pool, deliveries, delaySeconds);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  private async renew(): Promise<void> {
    const asked = [...this.#held.values()];
    if (asked.length === 0) return;
    const askedAtMs = performance.now();
    try {
      const renewed = await renewLeases(
        this.pool,
        asked.map(({ delivery }) => delivery),
        LEASE_SECONDS,
      );
      for (const held of asked) if (renewed.has(held.delivery.id)) held.untilMs = endOf(askedAtMs);
    } catch (error) {
      this.logger.warn({ error }, 'delivery.leases_not_renewed');
    }
  }
}

function endOf(askedAtMs: number): number {
  return askedAtMs + LEASE_SECONDS * 1_000 - MARGIN_MS;
}
