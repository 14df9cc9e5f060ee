import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database, idAtTime, type Page, type PageRequest, pageOf } from '#database';
import { problem } from '#errors';

/** What a list of events shows of one. */
export interface EventRow {
  readonly id: string;
  readonly source_id: string;
  readonly provider: string;
  readonly type: string | null;
  readonly provider_event_id: string | null;
  readonly run_id: string | null;
  readonly received_at: Date;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly content_type: string | null;
  readonly size: number;
  readonly duplicate_count: number;
  readonly scheme: string;
  readonly secret_id: string | null;
  readonly secret_label: string | null;
  readonly signed_at: Date | null;
}

/** An event with its content, as received. */
export interface OpenedEvent extends EventRow {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

interface ContentRow {
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly body: Buffer;
}

/** Which events a list shows; what is absent does not matter. */
export interface EventFilter {
  readonly sourceIds?: readonly string[] | undefined;
  readonly provider?: string | undefined;
  readonly type?: string | undefined;
  readonly runId?: string | undefined;
  readonly providerEventId?: string | undefined;
  readonly receivedAfter?: Date | undefined;
  readonly receivedBefore?: Date | undefined;
  /** Matches an id (event's, provider's, run's) or a header value exactly; `eventId` is `q` read as an event id. */
  readonly q?: { readonly text: string; readonly eventId: string | undefined } | undefined;
}

/** Lists and opens stored events. */
@Injectable()
export class Events {
  constructor(private readonly database: Database) {}

  async list(tenantId: string, filter: EventFilter, page: PageRequest): Promise<Page<EventRow>> {
    const { conditions, parameters } = conditionsFor(tenantId, filter, page);
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<EventRow[]>(
        `${selectEvents} where ${conditions.join(' and ')} order by e.id desc limit ${page.limit + 1}`,
        parameters,
      ),
    );
    return pageOf(rows, page.limit);
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

  /** Ids and sources of a run's events, oldest first. */
  async ofRun(
    tenantId: string,
    runId: string,
  ): Promise<{ id: string; source_id: string; type: string | null }[]> {
    return this.database.tenant(tenantId, (manager) =>
      manager.query(
        'select id, source_id, type from events where tenant_id = $1 and run_id = $2 order by id',
        [tenantId, runId],
      ),
    );
  }

  /** When each of these sources received its newest event. */
  async lastEventTimes(tenantId: string, sourceIds: readonly string[]): Promise<Map<string, Date>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<{ source_id: string; received_at: Date }[]>(
        `select s.id as source_id, newest.received_at
         from unnest($2::uuid[]) as s (id)
         cross join lateral (
           select received_at from events e where e.tenant_id = $1 and e.source_id = s.id order by e.id desc limit 1
         ) newest`,
        [tenantId, sourceIds],
      ),
    );
    return new Map(rows.map(({ source_id, received_at }) => [source_id, received_at]));
  }

  /** Erases an event and its content within a transaction of its tenant. */
  async eraseWithin(manager: EntityManager, tenantId: string, id: string): Promise<void> {
    await this.find(manager, tenantId, id);
    for (const table of ['event_contents', 'events']) {
      await manager.query(`delete from ${table} where tenant_id = $1 and id = $2`, [tenantId, id]);
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
  select e.id, e.source_id, e.provider, e.type, e.provider_event_id, e.run_id, e.received_at, e.method, e.path, e.query,
    e.content_type, e.size, e.duplicate_count, e.scheme, e.secret_id, s.label as secret_label, e.signed_at
  from events e left join callback_secrets s on s.tenant_id = e.tenant_id and s.id = e.secret_id`;

function conditionsFor(
  tenantId: string,
  filter: EventFilter,
  page: PageRequest,
): { conditions: string[]; parameters: unknown[] } {
  const parameters: unknown[] = [tenantId];
  const conditions = ['e.tenant_id = $1'];
  const add = (condition: (placeholder: string) => string, value: unknown): void => {
    if (value === undefined || value === null) return;
    parameters.push(value);
    conditions.push(condition(`$${parameters.length}`));
  };
  add((p) => `e.source_id = any(${p}::uuid[])`, filter.sourceIds);
  add((p) => `e.provider = ${p}`, filter.provider);
  add((p) => `e.type = ${p}`, filter.type);
  add((p) => `e.run_id = ${p}`, filter.runId);
  add((p) => `e.provider_event_id = ${p}`, filter.providerEventId);
  // The bounds on the id let PostgreSQL pass over whole partitions; the id's time is the time of receipt.
  add((p) => `e.id >= ${p}::uuid`, filter.receivedAfter && idAtTime(filter.receivedAfter.getTime()));
  add((p) => `e.received_at > ${p}`, filter.receivedAfter);
  add((p) => `e.id < ${p}::uuid`, filter.receivedBefore && idAtTime(filter.receivedBefore.getTime() + 1));
  add((p) => `e.received_at < ${p}`, filter.receivedBefore);
  add((p) => `e.id < ${p}::uuid`, page.before);
  if (filter.q !== undefined) {
    parameters.push(filter.q.text, filter.q.eventId ?? null);
    const [text, eventId] = [`$${parameters.length - 1}`, `$${parameters.length}`];
    conditions.push(`(e.id = ${eventId}::uuid or e.provider_event_id = ${text} or e.run_id = ${text} or exists (
      select from event_contents c
      where c.tenant_id = e.tenant_id and c.id = e.id
        and jsonb_path_exists(c.headers, '$[*][1] ? (@ == $text)', jsonb_build_object('text', ${text}::text))
    ))`);
  }
  return { conditions, parameters };
}
