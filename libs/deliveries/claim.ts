import type pg from 'pg';
import { newId } from '#database';
import type { Destination } from './destination.entity.js';

/** A destination as it was when its deliveries were claimed. */
export type ClaimedDestination = Destination & {
  /** With which it is signed where the provider's signature cannot be made; the newest first. */
  readonly secrets: readonly { readonly id: string; readonly ciphertext: Buffer }[];
};

/** A delivery that this worker may send until its lease ends, with all that sending it needs but the content. */
export interface ClaimedDelivery {
  readonly tenant_id: string;
  readonly id: string;
  /** A fencing token, new with every claim: only the latest claim's result is recorded. */
  readonly lease_id: string;
  readonly event_id: string;
  readonly source_id: string;
  /** Number of the attempt about to be made, from 1. */
  readonly attempt_number: number;
  /** How long to wait for the destination's rate limit. */
  readonly wait_ms: number;
  readonly destination: ClaimedDestination;
  /** `null` when the event has been erased. */
  readonly event: {
    readonly provider: string;
    readonly method: string;
    readonly received_at: string;
    readonly size: number;
  } | null;
  readonly is_source_paused: boolean;
  /** Whether its destination got as many as it may have at once, so that more of its deliveries may be due. */
  readonly has_more: boolean;
}

/** How many deliveries of one destination this process may have in hand, and has. */
export interface Window {
  readonly destinationId: string;
  readonly size: number;
  readonly inFlight: number;
}

/** How many deliveries of one tenant this process has in hand. */
export interface Share {
  readonly tenantId: string;
  readonly inFlight: number;
}

interface ClaimOptions {
  readonly leaseSeconds: number;
  readonly most: number;
  /** Destinations that this process knows; any other one has a window of `firstWindow`. */
  readonly windows: readonly Window[];
  readonly firstWindow: number;
  /** Tenants that have anything in hand; however much is due, each leaves half of what it could have to the others. */
  readonly shares: readonly Share[];
}

/** A rate-limited destination is claimed for so far ahead; longer than it takes to look again. */
const SLOTS_AHEAD_SECONDS = 0.4;
const CLAIM_LOCK = 5_217_004;

/**
 * Claims due deliveries: for every destination that has any, the oldest few, so that a long backlog starves nobody.
 *
 * Limits of a destination hold over all workers: those that have one are claimed by one worker at a time, under a lock
 * that is only tried, for a worker that was halted while it held it must not halt the others.
 */
export async function claimDue(pool: pg.Pool, options: ClaimOptions): Promise<ClaimedDelivery[]> {
  const leaseId = newId();
  const client = await pool.connect();
  try {
    const alone = await begin(client);
    const { rows } = await client.query<ClaimedRow>({
      name: 'claim-deliveries',
      text: claim,
      values: [
        leaseId,
        options.leaseSeconds,
        options.most,
        SLOTS_AHEAD_SECONDS,
        options.firstWindow,
        JSON.stringify(
          Object.fromEntries(
            options.windows.map(({ destinationId, size, inFlight }) => [destinationId, [size, inFlight]]),
          ),
        ),
        alone,
        JSON.stringify(
          Object.fromEntries(options.shares.map(({ tenantId, inFlight }) => [tenantId, inFlight])),
        ),
      ],
    });
    await client.query('commit');
    client.release();
    return withDestinations(rows).map((row) => ({ ...row, lease_id: leaseId }));
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/**
 * Whether no other worker is claiming is what it answers. A claim that a crash of the database undoes is made again; it
 * need not wait for the disk.
 */
const beginning = `
  begin;
  set local synchronous_commit = off;
  set local enable_sort = off;
  select pg_try_advisory_xact_lock(${CLAIM_LOCK}) as alone`;

async function begin(client: pg.PoolClient): Promise<boolean> {
  const answers = (await client.query(beginning)) as unknown as pg.QueryResult<{ alone: boolean }>[];
  return answers.at(-1)?.rows[0]?.alone ?? false;
}

/** A destination comes once, with the first of its deliveries: it may be long, and there may be many of them. */
type ClaimedRow = Omit<ClaimedDelivery, 'destination' | 'lease_id'> & {
  readonly destination_id: string;
  readonly destination: ClaimedDestination | null;
};

function withDestinations(rows: readonly ClaimedRow[]): Omit<ClaimedDelivery, 'lease_id'>[] {
  const byId = new Map<string, ClaimedDestination>();
  for (const { destination } of rows) if (destination !== null) byId.set(destination.id, revive(destination));
  return rows.flatMap((row) => {
    const destination = byId.get(row.destination_id);
    return destination === undefined ? [] : [{ ...row, destination }];
  });
}

/** A bytea inside JSON comes as text. */
function revive(destination: ClaimedDestination): ClaimedDestination {
  const bytes = (hex: unknown): Buffer => Buffer.from(String(hex).slice(2), 'hex');
  return {
    ...destination,
    headers_ciphertext: destination.headers_ciphertext && bytes(destination.headers_ciphertext),
    secrets: destination.secrets.map(({ id, ciphertext }) => ({ id, ciphertext: bytes(ciphertext) })),
  };
}

/** How many deliveries of a destination are being sent, by whomever. */
const underWay = `(
          select count(*) from (
            select from deliveries d
            where d.tenant_id = b.tenant_id and d.destination_id = b.destination_id and d.status = 'pending'
              and d.lease_id is not null and d.due_at > now() and d.due_at <= now() + make_interval(secs => $2)
            order by d.due_at offset 0
          ) leased
        )`;

/**
 * `backlog` walks the index from one destination with pending deliveries to the next and reads when its first one is
 * due: the cost grows with the number of such destinations, not with their backlogs. `ready` is shuffled, the tenants by turns, so that
 * where there is not room for all each gets its turn; a tenant gets half of what is free and its own, so that the next one always finds
 * something. Of a destination whose circuit is open one is taken, once its next probe is due and nothing else of it is
 * under way: by one worker at a time too, or there would be several probes. A lease that had run out belonged to a worker that died or lost
 * the database: whether its attempt reached anybody is unknown, and it is written down as interrupted.
 *
 * Plans are kept for as long as a connection lives. One that is made while the tables are empty takes any index that
 * has some of the columns, and reads a whole tenant with it later. So here and in the statements beside it rows are looked
 * up by every key column that is known, and `offset 0` keeps the planner from taking such a look-up apart. A plain join of two lists
 * would be made by comparing all with all; windows and shares come as objects, in which one key is found at once. Without
 * `enable_sort` whatever is ordered is read from the index that has this order, instead of all that a destination ever had.
 */
const claim = `
  with recursive backlog as (
    (select tenant_id, destination_id, due_at from deliveries where status = 'pending'
     order by tenant_id, destination_id, due_at limit 1)
    union all
    select following.tenant_id, following.destination_id, following.due_at
    from backlog b cross join lateral (
      select d.tenant_id, d.destination_id, d.due_at from deliveries d
      where d.status = 'pending' and (d.tenant_id, d.destination_id) > (b.tenant_id, b.destination_id)
      order by d.tenant_id, d.destination_id, d.due_at limit 1
    ) following
  ), open_places as (
    select b.tenant_id, b.destination_id, t.rate_limit_per_second as rate, slot.first_at as first_slot_at,
      least(
        coalesce(w.size, $5) - coalesce(w.in_flight, 0),
        case when t.max_in_flight is not null then t.max_in_flight - ${underWay} end,
        case when c.next_probe_at > now() then 0 when c.opened_at is not null then 1 - ${underWay} end,
        floor(t.rate_limit_per_second * extract(epoch from now() + make_interval(secs => $4) - slot.first_at)) + 1
      ) as places, random() as turn
    from (select * from backlog where due_at <= now() offset 0) b
    cross join lateral (
      select * from destinations where tenant_id = b.tenant_id and id = b.destination_id offset 0
    ) t
    left join lateral (
      select opened_at, next_probe_at from circuits
      where tenant_id = b.tenant_id and destination_id = b.destination_id offset 0
    ) c on true
    cross join lateral (select greatest(t.next_slot_at, now()) as first_at) slot
    cross join lateral (
      select ($6::jsonb -> b.destination_id::text ->> 0)::integer as size,
        ($6::jsonb -> b.destination_id::text ->> 1)::integer as in_flight
    ) w
    where t.status = 'active' and t.deleted_at is null
      and ($7 or (t.max_in_flight is null and t.rate_limit_per_second is null and c.opened_at is null))
  ), ready as materialized (
    select o.*, share.places as tenant_places
    from open_places o
    cross join lateral (
      select ceil(($3 - coalesce(($8::jsonb ->> o.tenant_id::text)::integer, 0)) / 2.0) as places
    ) share
    where o.places > 0 and share.places > 0
    order by row_number() over (partition by o.tenant_id order by o.turn), o.turn
  ), chosen as (
    select oldest.*, r.rate, r.first_slot_at, r.places, r.tenant_places, r.turn
    from ready r cross join lateral (
      select d.tenant_id, d.id, d.destination_id, d.due_at, d.lease_id, d.attempt_count from deliveries d
      where d.tenant_id = r.tenant_id and d.destination_id = r.destination_id and d.status = 'pending' and d.due_at <= now()
      order by d.due_at, d.id limit least(r.places, r.tenant_places)
      for update skip locked
    ) oldest
    limit $3
  ), numbered as (
    select *, row_number() over (partition by tenant_id, destination_id order by due_at, id) as position from chosen
  ), shared as (
    select *, row_number() over (partition by tenant_id order by position, turn) as tenant_position from numbered
  ), due as (
    select * from shared where tenant_position <= tenant_places
  ), claimed as (
    update deliveries d set lease_id = $1, due_at = now() + make_interval(secs => $2), attempt_count = d.attempt_count + 1
    from due where d.tenant_id = due.tenant_id and d.destination_id = due.destination_id and d.id = due.id
    returning d.tenant_id, d.id, d.event_id, d.source_id, d.destination_id, d.attempt_count,
      due.due_at as was_due_at, due.position, due.places, due.rate, due.first_slot_at
  ), interrupted as (
    insert into attempts (tenant_id, delivery_id, number, started_at, duration_ms, error, response_truncated)
    select tenant_id, id, attempt_count, due_at - make_interval(secs => $2), 0, 'interrupted', false
    from due where lease_id is not null
    on conflict do nothing
  ), paced as (
    update destinations t set next_slot_at = taken.first_slot_at + make_interval(secs => taken.count::float / taken.rate)
    from (
      select tenant_id, destination_id, rate, first_slot_at, count(*) from due where rate is not null group by 1, 2, 3, 4
    ) taken
    where t.tenant_id = taken.tenant_id and t.id = taken.destination_id
  )
  select c.tenant_id, c.id, c.event_id, c.source_id, c.destination_id, c.attempt_count as attempt_number,
    case when c.position = 1 then to_jsonb(t) || jsonb_build_object('secrets', (
      select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'ciphertext', k.ciphertext) order by k.id desc), '[]')
      from destination_secrets k
      where t.signing <> 'none' and k.tenant_id = t.tenant_id and k.destination_id = t.id
        and (k.expires_at is null or k.expires_at > now())
    )) end as destination,
    coalesce(extract(epoch from c.first_slot_at - now()) * 1000 + (c.position - 1) * 1000.0 / c.rate, 0)::float as wait_ms,
    case when e.id is not null then jsonb_build_object(
      'provider', e.provider, 'method', e.method, 'received_at', e.received_at, 'size', e.size
    ) end as event,
    coalesce(s.status = 'paused' and s.deleted_at is null, false) as is_source_paused,
    c.position >= c.places as has_more
  from claimed c
  cross join lateral (
    select * from destinations where tenant_id = c.tenant_id and id = c.destination_id offset 0
  ) t
  left join lateral (
    select status, deleted_at from sources where tenant_id = c.tenant_id and id = c.source_id offset 0
  ) s on true
  left join lateral (
    select id, provider, method, received_at, size from events
    where tenant_id = c.tenant_id and source_id = c.source_id and id = c.event_id offset 0
  ) e on true
  order by c.was_due_at, c.id`;
