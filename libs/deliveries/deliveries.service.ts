import { Injectable } from '@nestjs/common';
import { Database, type Page, type PageRequest } from '#database';
import { problem } from '#errors';
import { Events } from '#events';
import { AuditLog } from '#tenants';
import type { DeliveryFilter, DeliveryRow, DeliveryStatus } from './delivery-row.js';
import { deliveryColumns, listDeliveries } from './list-deliveries.js';
import { uncounted } from './uncounted.js';

/** One HTTP request of a delivery and what came back. */
export interface AttemptRow {
  readonly number: number;
  readonly started_at: Date;
  readonly duration_ms: number;
  readonly status_code: number | null;
  readonly error: string | null;
  readonly response_headers: readonly (readonly [name: string, value: string])[] | null;
  readonly response_body: Buffer | null;
  readonly response_truncated: boolean;
}

/** How many deliveries of an event stand where. */
export interface DeliveryCounts {
  readonly pending: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly held: number;
}

/** In one statement: in two, an attempt that is recorded between them would not fit the state. */
const getWithAttempts = `
  select d.*, a.number, a.started_at, a.duration_ms, a.status_code, a.error, a.response_headers, a.response_body,
    a.response_truncated
  from (select tenant_id, ${deliveryColumns} from deliveries where tenant_id = $1 and id = $2) d
  left join attempts a on a.tenant_id = d.tenant_id and a.delivery_id = d.id
  order by a.number`;

/** One that is released meanwhile is not held again for long: workers look for what nothing holds (settle.ts). */
const makeDue = `
  with wanted as materialized (
    select d.id, t.status = 'paused' or exists (
      select from sources s
      where s.tenant_id = $1 and s.id = d.source_id and s.status = 'paused' and s.deleted_at is null
    ) as is_held
    from deliveries d join destinations t on t.tenant_id = d.tenant_id and t.id = d.destination_id
    where d.tenant_id = $1 and d.id = $2 and d.lease_id is null and t.deleted_at is null
    for update of d
  )
  update deliveries d set
    status = case when w.is_held then 'held' else 'pending' end,
    due_at = case when w.is_held then null else 'epoch'::timestamptz end,
    next_attempt_at = case when w.is_held then null else now() end,
    finished_at = null
  from wanted w where d.tenant_id = $1 and d.id = w.id`;

/** Lists deliveries, shows their attempts, sends them again, and erases events with all that became of them. */
@Injectable()
export class Deliveries {
  constructor(
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditLog,
  ) {}

  async list(tenantId: string, filter: DeliveryFilter, page: PageRequest): Promise<Page<DeliveryRow>> {
    return this.database.tenant(tenantId, (manager) => listDeliveries({ manager, tenantId, filter, page }));
  }

  async get(tenantId: string, id: string): Promise<DeliveryRow & { readonly attempts: AttemptRow[] }> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<(DeliveryRow & Omit<AttemptRow, 'number'> & { readonly number: number | null })[]>(
        getWithAttempts,
        [tenantId, id],
      ),
    );
    const [first] = rows;
    if (first === undefined) throw problem('not_found');
    return { ...first, attempts: rows.filter((row): row is DeliveryRow & AttemptRow => row.number !== null) };
  }

  /**
   * Makes a delivery due at once, whatever it has come to: before all that waits for the same destination, and through
   * an open circuit, as its probe. Where its destination or source is paused it is held, or stays so.
   */
  async retry(tenantId: string, id: string): Promise<void> {
    await this.database.tenant(tenantId, async (manager) => {
      const [, affected] = await manager.query<[unknown, number]>(makeDue, [tenantId, id]);
      if (affected === 1) {
        await manager.query(
          `update circuits c set next_probe_at = least(c.next_probe_at, now()) from deliveries d
           where d.tenant_id = $1 and d.id = $2 and c.tenant_id = $1 and c.destination_id = d.destination_id
             and c.next_probe_at is not null`,
          [tenantId, id],
        );
        await manager.query(
          `update redeliveries r set stage = 'draining' from deliveries d
           where d.tenant_id = $1 and d.id = $2 and r.tenant_id = $1 and r.id = d.redelivery_id and r.stage = 'settled'`,
          [tenantId, id],
        );
        await this.audit.record(manager, tenantId, {
          action: 'delivery.retried',
          target: { type: 'delivery', id, name: null },
        });
        return;
      }
      const [row] = await manager.query<{ status: DeliveryStatus }[]>(
        'select status from deliveries where tenant_id = $1 and id = $2',
        [tenantId, id],
      );
      if (row === undefined) throw problem('not_found');
      throw problem(
        'delivery_not_retryable',
        row.status === 'pending' ? 'It is being sent right now' : 'Its destination is gone',
      );
    });
  }

  /** Counts of each event's deliveries, by event id. */
  async countsByEvent(tenantId: string, eventIds: readonly string[]): Promise<Map<string, DeliveryCounts>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<(DeliveryCounts & { event_id: string })[]>(
        `select event_id,
           count(*) filter (where status = 'pending')::integer as pending,
           count(*) filter (where status = 'succeeded')::integer as succeeded,
           count(*) filter (where status = 'failed')::integer as failed,
           count(*) filter (where status = 'held')::integer as held
         from deliveries where tenant_id = $1 and event_id = any($2::uuid[]) group by event_id`,
        [tenantId, eventIds],
      ),
    );
    return new Map(rows.map(({ event_id, ...counts }) => [event_id, counts]));
  }

  /** Erases an event for good, with its deliveries and their attempts. */
  async eraseEvent(tenantId: string, eventId: string): Promise<void> {
    await this.database.tenant(tenantId, async (manager) => {
      await this.events.eraseWithin(manager, tenantId, eventId);
      await manager.query(
        `with gone as (
           delete from deliveries where tenant_id = $1 and event_id = $2
           returning tenant_id, id, redelivery_id, status
         ), ${uncounted}
         delete from attempts a using gone where a.tenant_id = $1 and a.delivery_id = gone.id`,
        [tenantId, eventId],
      );
      await this.audit.record(manager, tenantId, {
        action: 'event.deleted',
        target: { type: 'event', id: eventId, name: null },
      });
    });
  }
}
