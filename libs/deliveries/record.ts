import type pg from 'pg';
import { noteSigns } from './circuit.js';
import type { Decision, Sign } from './decide.js';

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
  /** What it says of the destination. */
  readonly sign: Sign | null;
}

/** What recording an attempt led to. */
export interface Recorded {
  /** `false`: the lease was lost and nothing was written; whoever holds it now goes on. */
  readonly isHeard: boolean;
  /** Why this attempt paused its destination: it said so, or every attempt has failed for days. */
  readonly paused: 'gone' | 'auto' | null;
  /** What this attempt did to the circuit of its destination. */
  readonly circuit: 'opened' | 'closed' | null;
  /** Whether its destination has now been failing for so long that its owner is warned. */
  readonly isWarned: boolean;
}

const UNHEARD: Recorded = { isHeard: false, paused: null, circuit: null, isWarned: false };

/**
 * Writes attempts and the next states of their deliveries, in one statement. Only who still holds the lease is heard:
 * a worker that was thought dead and comes back changes nothing. Due times come from the database's clock.
 */
export async function recordAttempts(
  pool: pg.Pool,
  attempts: readonly RecordedAttempt[],
): Promise<Recorded[]> {
  // Nearly all of them: nothing has to be asked of the destination to know what follows.
  const isAllWell = attempts.every(({ sign }) => sign === 'success');
  const { rows } = await pool.query<{ id: string } & Omit<Recorded, 'isHeard'>>({
    name: isAllWell ? 'record-successes' : 'record-attempts',
    text: isAllWell ? recordSuccesses : record,
    values: [JSON.stringify(attempts.map(toJson))],
  });
  const heard = new Map(rows.map(({ id, ...news }) => [id, { isHeard: true, ...news }]));
  return attempts.map(({ deliveryId }) => heard.get(deliveryId) ?? UNHEARD);
}

function toJson(attempt: RecordedAttempt, position: number): object {
  return {
    position,
    sign: attempt.sign,
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

const inputColumns = `
  position integer, sign text, tenant_id uuid, delivery_id uuid, destination_id uuid, lease_id uuid, number integer,
  started_at_ms double precision, duration_ms integer, status_code integer, error text, response_headers jsonb,
  response_body text, response_truncated boolean, status text, delay_ms double precision, pause boolean`;

const written = `
  insert into attempts (
    tenant_id, delivery_id, number, started_at, duration_ms, status_code, error, response_headers, response_body,
    response_truncated
  )
  select i.tenant_id, i.delivery_id, i.number, to_timestamp(i.started_at_ms / 1000), i.duration_ms, i.status_code, i.error,
    i.response_headers, decode(i.response_body, 'base64'), i.response_truncated
  from input i join moved m on m.position = i.position`;

const recordSuccesses = `
  with input as materialized (
    select * from json_to_recordset($1::json) as i (${inputColumns})
  ), moved as (
    update deliveries d set status = 'succeeded', next_attempt_at = null, due_at = null, finished_at = now(), lease_id = null
    from input i
    where d.tenant_id = i.tenant_id and d.destination_id = i.destination_id and d.id = i.delivery_id
      and d.lease_id = i.lease_id
    returning d.tenant_id, d.id, d.destination_id, i.position
  ), written as (${written}
  ), closed as (
    delete from circuits c using (
      select tenant_id, destination_id, min(position) as position from moved group by tenant_id, destination_id
    ) m
    where c.tenant_id = m.tenant_id and c.destination_id = m.destination_id
    returning m.position, c.opened_at
  )
  select m.id, null as paused, case when c.opened_at is not null then 'closed' end as circuit, false as "isWarned"
  from moved m left join closed c on c.position = m.position`;

/** What else waits for a destination that is paused here is held along, a bounded number; libs/deliveries/settle.ts does the rest. `offset 0`: see claim.ts. */
const record = `
  with input as materialized (
    select i.*, case
      when i.status <> 'pending' then i.status
      when t.deleted_at is not null or r.cancelled_at is not null then 'cancelled'
      when t.status = 'paused' then 'held'
      else 'pending'
    end as next
    from json_to_recordset($1::json) as i (${inputColumns})
    cross join lateral (
      select status, deleted_at from destinations where tenant_id = i.tenant_id and id = i.destination_id offset 0
    ) t
    cross join lateral (
      select tenant_id, redelivery_id from deliveries
      where tenant_id = i.tenant_id and destination_id = i.destination_id and id = i.delivery_id offset 0
    ) d
    left join lateral (
      select cancelled_at from redeliveries where tenant_id = d.tenant_id and id = d.redelivery_id offset 0
    ) r on true
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
    returning d.tenant_id, d.id, d.destination_id, i.position, i.sign, i.pause
  ), written as (${written}
  ), ${noteSigns}, ended as (
    select tenant_id, destination_id, min(position) as position, 'gone' as reason
    from moved where pause group by tenant_id, destination_id
    union all
    select tenant_id, destination_id, position, 'auto' from news n
    where is_given_up and not exists (
      select from moved m where m.pause and m.tenant_id = n.tenant_id and m.destination_id = n.destination_id
    )
  ), paused as (
    update destinations t set status = 'paused', paused_reason = e.reason
    from ended e where t.tenant_id = e.tenant_id and t.id = e.destination_id and t.status = 'active'
    returning t.tenant_id, t.id, t.paused_reason, e.position
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
  select m.id, p.paused_reason as paused, n.circuit, coalesce(n.is_warned, false) as "isWarned"
  from moved m
  left join news n on n.position = m.position
  left join paused p on p.position = m.position`;
