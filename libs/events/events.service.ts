import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database, type Page, type PageRequest } from '#database';
import { problem } from '#errors';
import { type EventFilter, type EventRow, joined, shown } from './event-row.js';
import { lastEventTimes } from './last-event-times.js';
import { listEvents } from './list-events.js';

/** An event with its content, as received. */
export interface OpenedEvent extends EventRow {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

interface ContentRow {
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly body: Buffer;
}

/** Lists and opens stored events. */
@Injectable()
export class Events {
  constructor(private readonly database: Database) {}

  async list(tenantId: string, filter: EventFilter, page: PageRequest): Promise<Page<EventRow>> {
    return this.database.tenant(tenantId, (manager) => listEvents(manager, tenantId, filter, page));
  }

  async get(tenantId: string, id: string): Promise<EventRow> {
    return this.database.tenant(tenantId, (manager) => this.find(manager, tenantId, id));
  }

  /** The event with its content; the values of sensitive headers are `[redacted]`. */
  async view(tenantId: string, id: string): Promise<OpenedEvent> {
    return this.database.tenant(tenantId, async (manager) => {
      const event = await this.find(manager, tenantId, id);
      const content = await this.findContent(manager, tenantId, id);
      return {
        ...event,
        headers: content.headers.map(([name, value]) => [name, value ?? '[redacted]']),
        body: content.body,
      };
    });
  }

  /** The exact bytes received. */
  async body(tenantId: string, id: string): Promise<{ contentType: string | null; body: Buffer }> {
    const { content_type, body } = await this.view(tenantId, id);
    return { contentType: content_type, body };
  }

  /** Ids and sources of a run's first events, oldest first. */
  async ofRun(
    tenantId: string,
    runId: string,
    most: number,
  ): Promise<{ id: string; source_id: string; type: string | null }[]> {
    return this.database.tenant(tenantId, (manager) =>
      manager.query(
        'select id, source_id, type from events where tenant_id = $1 and run_id = $2 order by id limit $3',
        [tenantId, runId, most],
      ),
    );
  }

  /** When each of these sources received its newest event. */
  async lastEventTimes(tenantId: string, sourceIds: readonly string[]): Promise<Map<string, Date>> {
    return this.database.tenant(tenantId, (manager) => lastEventTimes(manager, tenantId, sourceIds));
  }

  /** Erases an event and its content within a transaction of its tenant. */
  async eraseWithin(manager: EntityManager, tenantId: string, id: string): Promise<void> {
    await this.find(manager, tenantId, id);
    for (const [table, key] of [
      ['duplicate_counts', 'event_id'],
      ['event_contents', 'id'],
      ['events', 'id'],
    ]) {
      await manager.query(`delete from ${table} where tenant_id = $1 and ${key} = $2`, [tenantId, id]);
    }
  }

  private async find(manager: EntityManager, tenantId: string, id: string): Promise<EventRow> {
    const rows = await manager.query<EventRow[]>(`${selectEvents} where e.tenant_id = $1 and e.id = $2`, [
      tenantId,
      id,
    ]);
    if (rows[0] === undefined) throw problem('not_found');
    return rows[0];
  }

  private async findContent(manager: EntityManager, tenantId: string, id: string): Promise<ContentRow> {
    const rows = await manager.query<ContentRow[]>(
      'select headers, body from event_contents where tenant_id = $1 and id = $2',
      [tenantId, id],
    );
    if (rows[0] === undefined) throw problem('not_found');
    return rows[0];
  }
}

const selectEvents = `
  select ${shown}
  from events e ${joined}`;
