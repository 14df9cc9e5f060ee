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

/** What recording an attempt led to. */
export interface Recorded {
  /** `false`: the lease was lost and nothing was written; whoever holds it now goes on. */
  readonly isHeard: boolean;
  /** Whether this attempt paused its destination. */
  readonly pausedDestination: boolean;
}

/**
 * Writes attempts and the next states of their deliveries, in one statement. Only who still holds the lease is heard:
 * a worker that was thought dead and comes back changes nothing. Due times come from the database's clock.
 */
export async function recordAttempts(
  pool: pg.Pool,
  attempts: readonly RecordedAttempt[],
): Promise<Recorded[]> {
  const { rows } = await pool.query<{ id: string; paused: boolean }>({
    name: 'record-attempts',
    text: record,
    values: [JSON.stringify(attempts.map(toJson))],
  });
  const heard = new Map(rows.map(({ id, paused }) => [id, paused]));
  return attempts.map(({ deliveryId }) => ({
    isHeard: heard.has(deliveryId),
    pausedDestination: heard.get(deliveryId) ?? false,
  }));
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

/** What else waits for a destination that paused itself is held along, a bounded number; libs/deliveries/settle.ts does the rest. `offset 0`: see claim.ts. */
const record = `
  with input as materialized (
    select i.*, case
      when i.status <> 'pending' then i.status
      when t.deleted_at is not null or r.cancelled_at is not null then 'cancelled'
      when t.status = 'paused' then 'held'
      else 'pending'
    end as next
    from json_to_recordset($1::json) as i (
      tenant_id uuid, delivery_id uuid, destination_id uuid, lease_id uuid, number integer, started_at_ms double precision,
      duration_ms integer, status_code integer, error text, response_headers jsonb, response_body text,
      response_truncated boolean, status text, delay_ms double precision, pause boolean
    )
    join destinations t on t.tenant_id = i.tenant_id and t.id = i.destination_id
    cross join lateral (
      select tenant_id, redelivery_id from deliveries
      where tenant_id = i.tenant_id and destination_id = i.destination_id and id = i.delivery_id offset 0
    ) d
    left join redeliveries r on r.tenant_id = d.tenant_id and r.id = d.redelivery_id
  ), moved as (
    update deliveries d set
      status = i.next,
      next_attempt_at = case when i.next = 'pending' then now() + make_interval(secs => i.delay_ms / 1000) end,
      due_at = case when i.next = 'pending' then now() + make_interval(secs => i.delay_ms / 1000) end,
      finished_at = case when i.next not in ('pending', 'held') then now() end,
      lease_id = null
    from input i
    where d.tenant_id = i.tenant_id and d.destination_id = i.destination_id and d.id = i.delivery_id
      and d.lease_id = i.lease_id
    returning d.tenant_id, d.id, d.destination_id, i.pause
  ), written as (
    insert into attempts (
      tenant_id, delivery_id, number, started_at, duration_ms, status_code, error, response_headers, response_body,
      response_truncated
    )
    select i.tenant_id, i.delivery_id, i.number, to_timestamp(i.started_at_ms / 1000), i.duration_ms, i.status_code, i.error,
      i.response_headers, decode(i.response_body, 'base64'), i.response_truncated
    from input i join moved m on m.tenant_id = i.tenant_id and m.id = i.delivery_id
  ), paused as (
    update destinations t set status = 'paused'
    from moved m
    where m.pause and t.tenant_id = m.tenant_id and t.id = m.destination_id and t.status = 'active'
    returning t.tenant_id, t.id
  ), others as (
    select waiting.* from paused p cross join lateral (
      select d.tenant_id, d.destination_id, d.id from deliveries d
      where d.tenant_id = p.tenant_id and d.destination_id = p.id and d.status = 'pending' and d.lease_id is null
      limit 1000 for update skip locked
    ) waiting
  ), held as (
    update deliveries d set status = 'held', due_at = null, next_attempt_at = null
    from others o where d.tenant_id = o.tenant_id and d.destination_id = o.destination_id and d.id = o.id
  )
  select m.id, p.id is not null as paused
  from moved m left join paused p on m.pause and p.tenant_id = m.tenant_id and p.id = m.destination_id`;
