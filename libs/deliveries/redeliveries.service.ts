import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import type { AuditAction } from '#contract';
import { Database, newId, type Page, type PageRequest, pageOf } from '#database';
import { problem } from '#errors';
import { Events } from '#events';
import { AuditLog } from '#tenants';
import { type Ask, type BulkOrder, type Criteria, criteriaOf, type OrderKey } from './bulk-order.js';
import { cancelSome, stopOrder } from './cancel-redelivery.js';
import { collectStep, countStep } from './collect.js';
import {
  findRedelivery,
  listRedeliveries,
  type RedeliverySummary,
  type RedeliveryView,
} from './count-redelivery.js';
import { Destination } from './destination.entity.js';
import { feedStep } from './feed.js';
import { firstRoom } from './feed-windows.js';
import { insertBulkOrder, insertOrder } from './insert-redelivery.js';
import { matches } from './matches.js';

/** How many deliveries a dry run has counted; `false`: there are more than there was time to count. */
export interface DryRun {
  readonly total: number;
  readonly isComplete: boolean;
}

/** A longer run is ordered like any other lot of events. */
const MOST_EVENTS_OF_RUN = 500;
const MOST_AT_ONCE = 1_000;
/** After which an answer is not kept waiting: a worker collects the rest. */
const COLLECT_FOR_MS = 2_000;
const COUNT_FOR_MS = 8_000;

type OrderedEvent = Parameters<typeof matches>[1] & { readonly id: string };

/** Orders redeliveries: of one event, of all callbacks of a run, or of all events that match a filter. */
@Injectable()
export class Redeliveries {
  constructor(
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditLog,
  ) {}

  /** Delivers one event again. */
  async ofEvent(tenantId: string, eventId: string, destinationId?: string): Promise<RedeliveryView> {
    const event = await this.events.get(tenantId, eventId);
    return this.database.tenant(tenantId, async (manager) => {
      const destinations = await candidates(manager, tenantId, destinationId);
      return this.order(manager, tenantId, targetsOf([event], destinations, destinationId));
    });
  }

  /** Delivers all callbacks of a run again, oldest first. */
  async ofRun(tenantId: string, runId: string, destinationId?: string): Promise<RedeliveryView> {
    const events = await this.events.ofRun(tenantId, runId, MOST_EVENTS_OF_RUN + 1);
    if (events.length === 0) throw problem('not_found', 'No callback of this run was received');
    return this.database.tenant(tenantId, async (manager) => {
      const destinations = await candidates(manager, tenantId, destinationId);
      const targets = targetsOf(events, destinations, destinationId);
      if (events.length <= MOST_EVENTS_OF_RUN && targets.length <= MOST_AT_ONCE)
        return this.order(manager, tenantId, targets);
      const order = { filter: { runId }, destinationId, perSecond: undefined };
      const criteria = criteriaOf(order, destinations, Date.now());
      const redelivery = await this.orderInBulk(
        manager,
        { tenantId, id: newId() },
        { perSecond: undefined, criteria, collectForMs: COLLECT_FOR_MS },
      );
      if (redelivery.total === 0 && redelivery.status === 'completed') throw problem('no_destination');
      return redelivery;
    });
  }

  /**
   * Delivers all events that match a filter again, oldest first. What there was no time to collect, and whatever the
   * destinations cannot take at once, workers see to: see libs/deliveries/redeliverer.ts.
   */
  async ofFilter(tenantId: string, order: BulkOrder, collectForMs = COLLECT_FOR_MS): Promise<RedeliveryView> {
    return this.database.tenant(tenantId, async (manager) => {
      const destinations = await candidates(manager, tenantId, order.destinationId);
      const criteria = criteriaOf(order, destinations, Date.now());
      return this.orderInBulk(manager, { tenantId, id: newId() }, { ...order, criteria, collectForMs });
    });
  }

  /** How many deliveries {@link ofFilter} would make. */
  async count(tenantId: string, order: BulkOrder, countForMs = COUNT_FOR_MS): Promise<DryRun> {
    return this.database.tenant(tenantId, async (manager) => {
      const destinations = await candidates(manager, tenantId, order.destinationId);
      const criteria = criteriaOf(order, destinations, Date.now());
      let total = 0;
      const isComplete = await untilDone(criteria, countForMs, async (after) => {
        const step = await countStep(askOf(manager), tenantId, criteria, after);
        total += step.count;
        return step.after;
      });
      return { total, isComplete };
    });
  }

  async list(tenantId: string, page: PageRequest): Promise<Page<RedeliverySummary>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      listRedeliveries(askOf(manager), tenantId, page.before, page.limit + 1),
    );
    return pageOf(rows, page.limit);
  }

  async get(tenantId: string, id: string): Promise<RedeliveryView> {
    return this.database.tenant(tenantId, (manager) => found(askOf(manager), { tenantId, id }));
  }

  /**
   * Cancels what of a redelivery has not been sent; what is being sent right now is not tried again. However much it is,
   * nothing more of it is begun: what many deliveries wait for another attempt, a worker cancels bit by bit.
   */
  async cancel(tenantId: string, id: string): Promise<RedeliveryView> {
    await this.database.tenant(tenantId, async (manager) => {
      if (await stopOrder(askOf(manager), { tenantId, id }))
        await this.note(manager, 'redelivery.cancelled', { tenantId, id }, {});
    });
    return this.database.tenant(tenantId, async (manager) => {
      const ask = askOf(manager);
      const { status } = await found(ask, { tenantId, id });
      if (status === 'cancelled') await cancelSome(ask, { tenantId, id });
      return found(ask, { tenantId, id });
    });
  }

  private async order(
    manager: EntityManager,
    tenantId: string,
    targets: Parameters<typeof insertOrder>[2],
  ): Promise<RedeliveryView> {
    if (targets.length === 0) throw problem('no_destination');
    const key = { tenantId, id: newId() };
    await insertOrder(askOf(manager), key, targets);
    await this.note(manager, 'redelivery.created', key, { total: targets.length });
    // Before the commit: no worker has seen it yet, so the answer says what was ordered.
    return found(askOf(manager), key);
  }

  private async orderInBulk(
    manager: EntityManager,
    key: OrderKey,
    order: Pick<BulkOrder, 'perSecond'> & { readonly criteria: Criteria; readonly collectForMs: number },
  ): Promise<RedeliveryView> {
    const ask = askOf(manager);
    const { criteria } = order;
    await insertBulkOrder(ask, key, criteria, order.perSecond);
    await untilDone(
      criteria,
      order.collectForMs,
      async (after) => (await collectStep(ask, key, criteria, after)).after,
    );
    const perSecond = order.perSecond ?? null;
    await feedStep(ask, { ...key, criteria, perSecond, made: 0, nextSlotMs: 0 }, firstRoom);
    const redelivery = await found(ask, key);
    const { total, status } = redelivery;
    await this.note(manager, 'redelivery.created', key, {
      total,
      ...(status === 'expanding' ? { status } : {}),
    });
    return redelivery;
  }

  /** Last in its transaction: rows of one tenant's audit log take turns. */
  private note(
    manager: EntityManager,
    action: Extract<AuditAction, `redelivery.${string}`>,
    { tenantId, id }: OrderKey,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.audit.record(manager, tenantId, {
      action,
      target: { type: 'redelivery', id, name: null },
      details,
    });
  }
}

function askOf(manager: EntityManager): Ask {
  return (sql, parameters) => manager.query(sql, [...parameters]);
}

async function found(ask: Ask, key: OrderKey): Promise<RedeliveryView> {
  const redelivery = await findRedelivery(ask, key);
  if (redelivery === undefined) throw problem('not_found');
  return redelivery;
}

/** Goes on step by step, from the event where the last one ended, until there are no more or the time is over. */
async function untilDone(
  { afterId }: Criteria,
  forMs: number,
  step: (after: string) => Promise<string | null>,
): Promise<boolean> {
  const untilMs = performance.now() + forMs;
  let after: string | null = afterId;
  while (after !== null && performance.now() < untilMs) after = await step(after);
  return after === null;
}

/** A destination that is named gets the event whatever it has subscribed to. */
function targetsOf(
  events: readonly OrderedEvent[],
  destinations: readonly Destination[],
  destinationId: string | undefined,
): Parameters<typeof insertOrder>[2] {
  return events.flatMap((event) =>
    destinations
      .filter((destination) => destinationId !== undefined || matches(destination, event))
      .map(({ id }) => ({ event_id: event.id, source_id: event.source_id, destination_id: id })),
  );
}

/** All destinations of a tenant, or the one that is named. */
async function candidates(
  manager: EntityManager,
  tenantId: string,
  destinationId: string | undefined,
): Promise<Destination[]> {
  const destinations = await manager.findBy(Destination, {
    tenant_id: tenantId,
    deleted_at: IsNull(),
    ...(destinationId === undefined ? {} : { id: destinationId }),
  });
  if (destinations.length > 0) return destinations;
  throw problem(destinationId === undefined ? 'no_destination' : 'destination_not_found');
}
