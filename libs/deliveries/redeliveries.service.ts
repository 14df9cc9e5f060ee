import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import type { AuditAction } from '#contract';
import { Database, newId, type Page, type PageRequest, pageOf } from '#database';
import { problem } from '#errors';
import { Events } from '#events';
import { AuditLog } from '#tenants';
import { type BulkOrder, bulkTargets } from './bulk-targets.js';
import type { DeliveryStatus } from './delivery-row.js';
import { Destination } from './destination.entity.js';
import { matches } from './matches.js';
import { insertOrder, insertTargets, type OrderKey, setTotal } from './insert-redelivery.js';

/** An order to deliver again, and how far it has come. */
export interface RedeliverySummary {
  readonly id: string;
  readonly status: 'pending' | 'completed' | 'cancelled';
  readonly total: number;
  readonly pending: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly created_at: Date;
}

/** With its deliveries, in the order in which they are sent. */
export interface RedeliveryView extends RedeliverySummary {
  readonly deliveries: readonly {
    readonly id: string;
    readonly event_id: string;
    readonly destination_id: string;
    readonly status: DeliveryStatus;
  }[];
}

const MOST_SHOWN = 1_000;
const CANCEL_AT_ONCE = 10_000;

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
    return this.order(tenantId, [event], destinationId);
  }

  /** Delivers all callbacks of a run again, oldest first. */
  async ofRun(tenantId: string, runId: string, destinationId?: string): Promise<RedeliveryView> {
    const events = await this.events.ofRun(tenantId, runId);
    if (events.length === 0) throw problem('not_found', 'No callback of this run was received');
    return this.order(tenantId, events, destinationId);
  }

  /** Delivers all events that match a filter again, oldest first: all of them or, when something fails, none. */
  async ofFilter(tenantId: string, order: BulkOrder): Promise<RedeliveryView> {
    const id = newId();
    return this.database.tenant(tenantId, async (manager) => {
      const destinations = await candidates(manager, tenantId, order.destinationId);
      await insertOrder(manager, { tenantId, id });
      let total = 0;
      for await (const targets of bulkTargets(manager, tenantId, order, destinations)) {
        await insertTargets(manager, { tenantId, id }, targets, { total, perSecond: order.perSecond });
        total += targets.length;
      }
      await setTotal(manager, { tenantId, id }, total);
      await this.note(manager, 'redelivery.created', { tenantId, id }, { total });
      return find(manager, { tenantId, id });
    });
  }

  /** How many deliveries {@link ofFilter} would make. */
  async count(tenantId: string, order: BulkOrder): Promise<number> {
    return this.database.tenant(tenantId, async (manager) => {
      const destinations = await candidates(manager, tenantId, order.destinationId);
      let total = 0;
      for await (const targets of bulkTargets(manager, tenantId, order, destinations))
        total += targets.length;
      return total;
    });
  }

  async list(tenantId: string, page: PageRequest): Promise<Page<RedeliverySummary>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<RedeliverySummary[]>(
        `${selectRedeliveries()} where r.tenant_id = $1 and ($2::uuid is null or r.id < $2) order by r.id desc limit $3`,
        [tenantId, page.before, page.limit + 1],
      ),
    );
    return pageOf(rows, page.limit);
  }

  async get(tenantId: string, id: string): Promise<RedeliveryView> {
    return this.database.tenant(tenantId, (manager) => find(manager, { tenantId, id }));
  }

  /** Cancels what of a redelivery has not been sent; what is being sent right now is not tried again. */
  async cancel(tenantId: string, id: string): Promise<RedeliveryView> {
    await this.database.tenant(tenantId, async (manager) => {
      const [, affected] = await manager.query<[unknown, number]>(
        `update redeliveries set cancelled_at = now() where tenant_id = $1 and id = $2 and cancelled_at is null
           and exists (
             select from deliveries d
             where d.tenant_id = $1 and d.redelivery_id = $2 and d.status in ('pending', 'held')
           )`,
        [tenantId, id],
      );
      if (affected > 0) await this.note(manager, 'redelivery.cancelled', { tenantId, id }, {});
    });
    for (let cancelled = CANCEL_AT_ONCE; cancelled === CANCEL_AT_ONCE;) {
      [, cancelled] = await this.database.tenant(tenantId, (manager) =>
        manager.query<[unknown, number]>(cancelSome, [tenantId, id, CANCEL_AT_ONCE]),
      );
    }
    return this.get(tenantId, id);
  }

  private async order(
    tenantId: string,
    events: readonly { id: string; source_id: string; type: string | null }[],
    destinationId: string | undefined,
  ): Promise<RedeliveryView> {
    const id = newId();
    return this.database.tenant(tenantId, async (manager) => {
      const destinations = await candidates(manager, tenantId, destinationId);
      // A destination that is named gets the event whatever it has subscribed to.
      const targets = events.flatMap((event) =>
        destinations
          .filter((destination) => destinationId !== undefined || matches(destination, event))
          .map((destination) => ({
            event_id: event.id,
            source_id: event.source_id,
            destination_id: destination.id,
          })),
      );
      if (targets.length === 0) throw problem('no_destination');
      await insertOrder(manager, { tenantId, id });
      await insertTargets(manager, { tenantId, id }, targets, { total: 0, perSecond: undefined });
      await setTotal(manager, { tenantId, id }, targets.length);
      await this.note(manager, 'redelivery.created', { tenantId, id }, { total: targets.length });
      // Before the commit: no worker has seen it yet, so the answer says what was ordered.
      return find(manager, { tenantId, id });
    });
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

async function find(manager: EntityManager, { tenantId, id }: OrderKey): Promise<RedeliveryView> {
  const [redelivery] = await manager.query<RedeliveryView[]>(
    `${selectRedeliveries('shown.deliveries')} cross join lateral (
       select coalesce(json_agg(d), '[]') as deliveries from (
         select id, event_id, destination_id, status from deliveries
         where tenant_id = r.tenant_id and redelivery_id = r.id order by id limit ${MOST_SHOWN}
       ) d
     ) shown
     where r.tenant_id = $1 and r.id = $2`,
    [tenantId, id],
  );
  if (redelivery === undefined) throw problem('not_found');
  return redelivery;
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

const selectRedeliveries = (...more: string[]): string => `
  select ${more.map((column) => `${column}, `).join('')}r.id, r.total, r.created_at, c.pending, c.succeeded, c.failed,
    case when r.cancelled_at is not null then 'cancelled' when c.pending > 0 then 'pending' else 'completed' end as status
  from redeliveries r cross join lateral (
    select count(*) filter (where d.status in ('pending', 'held'))::integer as pending,
      count(*) filter (where d.status = 'succeeded')::integer as succeeded,
      count(*) filter (where d.status = 'failed')::integer as failed
    from deliveries d where d.tenant_id = r.tenant_id and d.redelivery_id = r.id
  ) c`;

const cancelSome = `
  update deliveries d set status = 'cancelled', due_at = null, next_attempt_at = null, finished_at = now()
  from (
    select w.id from deliveries w
    join redeliveries r on r.tenant_id = w.tenant_id and r.id = w.redelivery_id and r.cancelled_at is not null
    where w.tenant_id = $1 and w.redelivery_id = $2 and w.status in ('pending', 'held') and w.lease_id is null
    limit $3 for update of w skip locked
  ) chosen
  where d.tenant_id = $1 and d.id = chosen.id`;
