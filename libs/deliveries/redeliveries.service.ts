import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { Database, newId } from '#database';
import { problem } from '#errors';
import { Events } from '#events';
import type { DeliveryStatus } from './deliveries.service.js';
import { Destination } from './destination.entity.js';
import { matches } from './matches.js';

/** An order to deliver again, and how far it has come. */
export interface RedeliveryView {
  readonly id: string;
  readonly status: 'pending' | 'completed';
  readonly total: number;
  readonly pending: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly deliveries: readonly {
    readonly id: string;
    readonly event_id: string;
    readonly destination_id: string;
    readonly status: DeliveryStatus;
  }[];
}

interface Target {
  readonly id: string;
  readonly event_id: string;
  readonly source_id: string;
  readonly destination: Destination;
}

/** Orders redeliveries: of one event, or of all callbacks of a run. */
@Injectable()
export class Redeliveries {
  constructor(
    private readonly database: Database,
    private readonly events: Events,
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

  private async order(
    tenantId: string,
    events: readonly { id: string; source_id: string; type: string | null }[],
    destinationId: string | undefined,
  ): Promise<RedeliveryView> {
    return this.database.tenant(tenantId, async (manager) => {
      const destinations = await manager.findBy(Destination, {
        tenant_id: tenantId,
        deleted_at: IsNull(),
        ...(destinationId === undefined ? {} : { id: destinationId }),
      });
      if (destinationId !== undefined && destinations.length === 0) throw problem('destination_not_found');
      // A destination that is named gets the event whatever it has subscribed to.
      const targets = events.flatMap((event) =>
        destinations
          .filter((destination) => destinationId !== undefined || matches(destination, event))
          .map((destination) => ({
            id: newId(),
            event_id: event.id,
            source_id: event.source_id,
            destination,
          })),
      );
      if (targets.length === 0) throw problem('no_destination');
      return this.insert(manager, tenantId, targets);
    });
  }

  private async insert(
    manager: EntityManager,
    tenantId: string,
    targets: readonly Target[],
  ): Promise<RedeliveryView> {
    const id = newId();
    await manager.query(
      'insert into redeliveries (tenant_id, id, total, created_at) values ($1, $2, $3, now())',
      [tenantId, id, targets.length],
    );
    const deliveries = await manager.query<RedeliveryView['deliveries'][number][]>(insertRedelivered, [
      tenantId,
      id,
      targets.map((target) => target.id),
      targets.map(({ event_id }) => event_id),
      targets.map(({ source_id }) => source_id),
      targets.map(({ destination }) => destination.id),
    ]);
    const count = (...statuses: DeliveryStatus[]) =>
      deliveries.filter(({ status }) => statuses.includes(status)).length;
    return {
      id,
      status: 'pending',
      total: targets.length,
      pending: count('pending', 'held'),
      succeeded: count('succeeded'),
      failed: count('failed'),
      deliveries,
    };
  }
}

const insertRedelivered = `
  insert into deliveries (
    tenant_id, id, redelivery_id, event_id, source_id, destination_id, status, next_attempt_at, due_at, created_at
  )
  select $1, d.id, $2, d.event_id, d.source_id, d.destination_id,
    case when held then 'held' else 'pending' end,
    case when held then null else now() end,
    case when held then null else now() end,
    now()
  from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[]) with ordinality
    as d (id, event_id, source_id, destination_id, position)
  join destinations t on t.tenant_id = $1 and t.id = d.destination_id
  join sources s on s.tenant_id = $1 and s.id = d.source_id
  cross join lateral (
    select t.status = 'paused' or (s.status = 'paused' and s.deleted_at is null) as held
  ) state
  order by d.position
  returning id, event_id, destination_id, status`;
