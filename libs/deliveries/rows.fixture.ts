import { idAtTime, newId } from '#database';
import { createDatabase, type TestDatabase } from '#testing';

interface DestinationRow {
  readonly status?: 'active' | 'paused';
  readonly maxInFlight?: number;
  readonly perSecond?: number;
}

/** Rows in a database of a spec's own, written directly: one tenant with one source. */
export class Rows {
  readonly tenantId = newId();
  readonly sourceId = newId();

  private constructor(readonly database: TestDatabase) {}

  static async start(): Promise<Rows> {
    const rows = new Rows(await createDatabase());
    await rows.run(`insert into tenants values ($1, 'acme', 'Acme', '', now())`, rows.tenantId);
    await rows.run(
      `insert into sources (tenant_id, id, slug, name, provider, config, status, created_at)
       values ($1, $2, 'source', 'Source', 'runflow', '{}', 'active', now())`,
      rows.tenantId,
      rows.sourceId,
    );
    return rows;
  }

  async run(sql: string, ...parameters: unknown[]): Promise<Record<string, unknown>[]> {
    return (await this.database.pool.query<Record<string, unknown>>(sql, parameters)).rows;
  }

  async destination(row: DestinationRow = {}): Promise<string> {
    const id = newId();
    await this.run(
      `insert into destinations (tenant_id, id, name, url, signing, timeout_seconds, rate_limit_per_second, max_in_flight,
         status, created_at)
       values ($1, $2, 'd', 'http://127.0.0.1:1/', 'none', 15, $3, $4, $5, now())`,
      this.tenantId,
      id,
      row.perSecond ?? null,
      row.maxInFlight ?? null,
      row.status ?? 'active',
    );
    return id;
  }

  /** Another tenant, with a source and a destination. */
  async tenant(): Promise<{ tenantId: string; sourceId: string; destinationId: string }> {
    const [tenantId, sourceId, destinationId] = [newId(), newId(), newId()];
    await this.run(`insert into tenants values ($1, 'other', 'Other', '', now())`, tenantId);
    await this.run(
      `insert into sources (tenant_id, id, slug, name, provider, config, status, created_at)
       values ($1, $2, 'source', 'Source', 'runflow', '{}', 'active', now())`,
      tenantId,
      sourceId,
    );
    await this.run(
      `insert into destinations (tenant_id, id, name, url, signing, timeout_seconds, status, created_at)
       values ($1, $2, 'd', 'http://127.0.0.1:1/', 'none', 15, 'active', now())`,
      tenantId,
      destinationId,
    );
    return { tenantId, sourceId, destinationId };
  }

  /** Another source of the tenant, which keeps its events for so many days. */
  async source(retentionDays: number): Promise<string> {
    const id = newId();
    await this.run(
      `insert into sources (tenant_id, id, slug, name, provider, config, status, created_at)
       values ($1, $2::uuid, 's-' || $2::uuid, 'Source', 'runflow', jsonb_build_object('retention_days', $3::integer), 'active', now())`,
      this.tenantId,
      id,
      retentionDays,
    );
    return id;
  }

  /** An event of a time with all that becomes of one. */
  async event(receivedAtMs: number, sourceId = this.sourceId): Promise<string> {
    const id = idAtTime(receivedAtMs).slice(0, 14) + newId().slice(14);
    const values = [this.tenantId, id];
    await this.run(
      `insert into events (tenant_id, id, source_id, provider, received_at, method, path, query, size, scheme)
       values ($1, $2, $3, 'runflow', to_timestamp($4::float / 1000), 'POST', '/', '', 1, 'hmac')`,
      ...values,
      sourceId,
      receivedAtMs,
    );
    await this.run(`insert into event_contents values ($1, $2, '[]', null, '')`, ...values);
    await this.run('insert into duplicate_counts values ($1, $2, 1)', ...values);
    await this.attempted(id);
    return id;
  }

  /** A delivery of an event, with an attempt. */
  async attempted(eventId: string, redeliveryId: string | null = null): Promise<void> {
    const [delivery = ''] = await this.deliveries(await this.destination(), 1);
    await this.run(
      'update deliveries set event_id = $3, redelivery_id = $4 where tenant_id = $1 and id = $2',
      this.tenantId,
      delivery,
      eventId,
      redeliveryId,
    );
    await this.run(
      `insert into attempts (tenant_id, delivery_id, number, started_at, duration_ms, response_truncated)
       values ($1, $2, 1, now(), 1, false)`,
      this.tenantId,
      delivery,
    );
  }

  /**
   * Deliveries of events that have been erased: the queue does not care. Oldest first, and due for a second, so that a
   * clock that is set back a little leaves them due.
   */
  async deliveries(
    destinationId: string,
    count: number,
    status: 'pending' | 'held' = 'pending',
  ): Promise<string[]> {
    const ids = Array.from({ length: count }, () => newId());
    await this.run(
      `insert into deliveries (tenant_id, id, event_id, source_id, destination_id, status, next_attempt_at, due_at, created_at)
       select $1, id, id, $2, $3, $4, case when $4 = 'pending' then now() end,
         case when $4 = 'pending' then now() - interval '1 second' end, now()
       from unnest($5::uuid[]) as d (id)`,
      this.tenantId,
      this.sourceId,
      destinationId,
      status,
      ids,
    );
    return ids;
  }

  async delivery(id: string): Promise<Record<string, unknown>> {
    const [row] = await this.run(
      'select * from deliveries where tenant_id = $1 and id = $2',
      this.tenantId,
      id,
    );
    if (row === undefined) throw new Error('no such delivery');
    return row;
  }

  /** As if the worker that holds these had been dead for a while. */
  async endLeases(): Promise<void> {
    await this.run(`update deliveries set due_at = now() - interval '1 second' where lease_id is not null`);
  }

  stop(): Promise<void> {
    return this.database.drop();
  }
}
