/** So many attempts in a row, and over so long a time, have to find a destination unavailable before its circuit opens. */
const OPENS_AFTER_ATTEMPTS = 10;
const OPENS_AFTER_SECONDS = 30;
/** The pause before the first probe; it doubles with every probe in vain. */
const FIRST_PAUSE_SECONDS = 10;
const LONGEST_PAUSE_SECONDS = 300;
/** Every attempt for so long has failed, and these were not too few to tell. */
const WARNS_AFTER_SECONDS = 3 * 86_400;
const PAUSES_AFTER_SECONDS = 5 * 86_400;
const FEWEST_ATTEMPTS = 5;

/** What is known of a destination whose latest attempt has failed. */
export interface CircuitRow {
  readonly destination_id: string;
  readonly failing_since: Date;
  readonly failed_attempts: number;
  readonly unavailable_attempts: number;
  readonly opened_at: Date | null;
  readonly next_probe_at: Date | null;
}

/** How a destination is doing, as its owner sees it. */
export interface Health {
  readonly circuit: {
    readonly state: 'closed' | 'open' | 'half_open';
    readonly consecutive_failures: number;
    readonly opened_at: Date | null;
    readonly next_probe_at: Date | null;
  };
  readonly failing_since: Date | null;
  readonly auto_pause_at: Date | null;
  readonly warning: string | null;
}

/** Tells the health of a destination; `row` is `null` for one whose latest attempt has not failed. Pure. */
export function healthOf(row: CircuitRow | null, isActive: boolean, nowMs: number): Health {
  if (row === null) {
    const circuit = {
      state: 'closed',
      consecutive_failures: 0,
      opened_at: null,
      next_probe_at: null,
    } as const;
    return { circuit, failing_since: null, auto_pause_at: null, warning: null };
  }
  const sinceMs = row.failing_since.getTime();
  const isWarned = nowMs - sinceMs >= WARNS_AFTER_SECONDS * 1_000 && row.failed_attempts >= FEWEST_ATTEMPTS;
  const autoPauseAt = isActive ? new Date(sinceMs + PAUSES_AFTER_SECONDS * 1_000) : null;
  return {
    circuit: {
      state: stateOf(row, nowMs),
      consecutive_failures: row.unavailable_attempts,
      opened_at: row.opened_at,
      next_probe_at: row.next_probe_at,
    },
    failing_since: row.failing_since,
    auto_pause_at: autoPauseAt,
    warning:
      isWarned && autoPauseAt !== null
        ? `Every attempt since ${row.failing_since.toISOString()} has failed (${row.failed_attempts}). The first one that fails after ${autoPauseAt.toISOString()} pauses this destination.`
        : null,
  };
}

/** Half open: the next delivery that is due, or one under way, is the probe. */
function stateOf({ next_probe_at }: CircuitRow, nowMs: number): Health['circuit']['state'] {
  if (next_probe_at === null) return 'closed';
  return next_probe_at.getTime() > nowMs ? 'open' : 'half_open';
}

/**
 * Parts of the statement that records attempts: `moved` has those that are heard, by destination and in the order in
 * which they ended, with the `sign` each gives. Rows of `circuits` are locked in one order; that of a destination
 * whose latest attempt has not failed is deleted.
 *
 * Opening takes nothing from what waits: it stays pending and due, and libs/deliveries/claim.ts takes one at a time. Attempts that were
 * under way when the circuit opened are no probes: only what fails after `next_probe_at` prolongs the pause.
 */
export const noteSigns = `
  signs as (
    select tenant_id, destination_id, position, sign,
      coalesce(max(position) filter (where sign = 'success') over everything, -1) as last_success,
      coalesce(max(position) filter (where sign <> 'unavailable') over everything, -1) as last_answer
    from moved where sign is not null
    window everything as (partition by tenant_id, destination_id)
  ), tally as (
    select tenant_id, destination_id, max(position) as position,
      bool_or(sign = 'success') as has_succeeded,
      bool_or(sign <> 'unavailable') as has_answered,
      (count(*) filter (where sign <> 'success' and position > last_success))::integer as failed,
      (count(*) filter (where sign = 'unavailable' and position > last_answer))::integer as unavailable
    from signs group by tenant_id, destination_id
  ), before as materialized (
    select c.* from tally t
    join circuits c on c.tenant_id = t.tenant_id and c.destination_id = t.destination_id
    order by c.tenant_id, c.destination_id for update of c
  ), counted as (
    select t.tenant_id, t.destination_id, t.position, t.failed, t.unavailable, b.opened_at is not null as was_open,
      case when t.has_succeeded or b.failing_since is null then now() else b.failing_since end as failing_since,
      case when t.has_succeeded then 0 else coalesce(b.failed_attempts, 0) end + t.failed as failed_attempts,
      case when not t.has_succeeded then b.warned_at end as warned_at,
      case when t.has_answered then 0 else coalesce(b.unavailable_attempts, 0) end + t.unavailable as unavailable_attempts,
      case
        when t.unavailable = 0 then null
        when t.has_answered or b.unavailable_since is null then now()
        else b.unavailable_since
      end as unavailable_since,
      case when not t.has_answered then b.opened_at end as kept_open_at,
      case when not t.has_answered then b.next_probe_at end as next_probe_at,
      case when t.has_answered or b.probe_count is null then 0 else b.probe_count end as probe_count
    from tally t left join before b on b.tenant_id = t.tenant_id and b.destination_id = t.destination_id
  ), judged as (
    select *,
      coalesce(kept_open_at, case
        when unavailable_attempts >= ${OPENS_AFTER_ATTEMPTS}
          and unavailable_since <= now() - interval '${OPENS_AFTER_SECONDS} seconds' then now()
      end) as opened_at,
      (kept_open_at is not null and next_probe_at <= now())::integer as probed,
      failed > 0 and failed_attempts >= ${FEWEST_ATTEMPTS}
        and failing_since <= now() - interval '${WARNS_AFTER_SECONDS} seconds' as is_warned,
      failed > 0 and failed_attempts >= ${FEWEST_ATTEMPTS}
        and failing_since <= now() - interval '${PAUSES_AFTER_SECONDS} seconds' as is_given_up
    from counted
  ), kept as (
    insert into circuits as c (
      tenant_id, destination_id, failing_since, failed_attempts, warned_at, unavailable_attempts, unavailable_since,
      opened_at, next_probe_at, probe_count
    )
    select tenant_id, destination_id, failing_since, failed_attempts, coalesce(warned_at, case when is_warned then now() end),
      unavailable_attempts, unavailable_since, opened_at,
      case
        when opened_at is null then null
        when kept_open_at is null then now() + interval '${FIRST_PAUSE_SECONDS} seconds'
        when probed = 0 then next_probe_at
        else now() + least(
          interval '${FIRST_PAUSE_SECONDS} seconds' * 2 ^ (probe_count + 1), interval '${LONGEST_PAUSE_SECONDS} seconds'
        )
      end,
      least(probe_count + probed, 10)
    from judged where failed > 0 order by tenant_id, destination_id
    on conflict (tenant_id, destination_id) do update set
      failing_since = excluded.failing_since, failed_attempts = excluded.failed_attempts, warned_at = excluded.warned_at,
      unavailable_attempts = excluded.unavailable_attempts, unavailable_since = excluded.unavailable_since,
      opened_at = excluded.opened_at, next_probe_at = excluded.next_probe_at, probe_count = excluded.probe_count
  ), recovered as (
    delete from circuits c using counted d
    where d.failed = 0 and c.tenant_id = d.tenant_id and c.destination_id = d.destination_id
  ), news as (
    select tenant_id, destination_id, position,
      case when was_open and opened_at is null then 'closed' when not was_open and opened_at is not null then 'opened' end
        as circuit,
      is_warned and warned_at is null as is_warned, is_given_up
    from judged
  )`;
