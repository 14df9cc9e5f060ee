import type pg from 'pg';
import type { Decision } from './decide.js';

/** An attempt and what it leads to, to be written down. */
export interface RecordedAttempt {
  readonly tenantId: string;
  readonly deliveryId: string;
  readonly destinationId: string;
  readonly leaseId: string;
  readonly number: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly statusCode: number | null;
  readonly error: string | null;
  readonly responseHeaders: readonly (readonly [name: string, value: string])[] | null;
  readonly responseBody: Buffer | null;
  readonly responseTruncated: boolean;
  readonly decision: Decision;
}

/**
 * Writes attempts and the next states of their deliveries, in one statement. Only a worker that still holds the lease
 * is heard: one that was thought dead and comes back changes nothing. Due times come from the database's clock.
 */
export async function recordAttempts(pool: pg.Pool, attempts: readonly RecordedAttempt[]): Promise<void> {
  await pool.query({
    name: 'record-attempts',
    text: record,
    values: [JSON.stringify(attempts.map(toJson))],
  });
}

function toJson(attempt: RecordedAttempt): object {
  return {
    tenant_id: attempt.tenantId,
    delivery_id: attempt.deliveryId,
    destination_id: attempt.destinationId,
    lease_id: attempt.leaseId,
    number: attempt.number,
    started_at_ms: attempt.startedAtMs,
    duration_ms: attempt.durationMs,
    status_code: attempt.statusCode,
    error: attempt.error,
    response_headers: attempt.responseHeaders,
    response_body: attempt.responseBody?.toString('base64') ?? null,
    response_truncated: attempt.responseTruncated,
    status: attempt.decision.status,
    delay_ms: attempt.decision.status === 'pending' ? attempt.decision.delayMs : null,
    pause: attempt.decision.status === 'failed' && attempt.decision.pauseDestination,
  };
}

const record = `
  with input as materialized (
    select * from json_to_recordset($1::json) as r (
      tenant_id uuid, delivery_id uuid, destination_id uuid, lease_id uuid, number integer, started_at_ms double precision,
      duration_ms integer, status_code integer, error text, response_headers jsonb, response_body text,
      response_truncated boolean, status text, delay_ms double precision, pause boolean
    )
  ), moved as (
    update deliveries d set
      status = i.status,
      attempt_count = i.number,
      next_attempt_at = now() + make_interval(secs => i.delay_ms / 1000),
      due_at = now() + make_interval(secs => i.delay_ms / 1000),
      finished_at = case when i.status = 'pending' then null else now() end,
      lease_id = null
    from input i
    where d.tenant_id = i.tenant_id and d.id = i.delivery_id and d.lease_id = i.lease_id and d.status = 'pending'
    returning d.tenant_id, d.id
  ), written as (
    insert into attempts (
      tenant_id, delivery_id, number, started_at, duration_ms, status_code, error, response_headers, response_body,
      response_truncated
    )
    select i.tenant_id, i.delivery_id, i.number, to_timestamp(i.started_at_ms / 1000), i.duration_ms, i.status_code, i.error,
      i.response_headers, decode(i.response_body, 'base64'), i.response_truncated
    from input i join moved m on m.tenant_id = i.tenant_id and m.id = i.delivery_id
  )
  update destinations t set status = 'paused'
  from input i
  where i.pause and t.tenant_id = i.tenant_id and t.id = i.destination_id`;
