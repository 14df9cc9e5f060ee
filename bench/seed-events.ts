import type pg from 'pg';
import { newId } from '#database';
import { makePartitions } from '#events';

const DAY_MS = 24 * 60 * 60 * 1_000;
const ROWS_AT_ONCE = 50_000;

/** What is stored as if it had arrived over the last days. */
export interface Seed {
  /** Events altogether, spread evenly over the days until now. */
  readonly count: number;
  readonly days: number;
  /** Sources, half of them the first tenant's, which gets nine of ten events; the others are two other tenants'. */
  readonly sources: number;
  /** Bytes of a body, half of which compress well. Default: 200, so that ten million fit on a small disk. */
  readonly bodyBytes?: number;
  /** The first tenant, when it is to be one that is there, so that somebody has a key to its events. */
  readonly tenantId?: string;
  /** How many of a hundred events have a delivery with one attempt. Default: 10. */
  readonly deliveredPercent?: number;
}

/** What was seeded, for asking about it. */
export interface Seeded {
  readonly tenantIds: readonly string[];
  /** Of the first tenant. */
  readonly sourceIds: readonly string[];
  readonly destinationId: string;
}

/**
 * Stores events, contents, dedupe keys, deliveries and attempts by SQL alone, day by day in the order of their ids, as
 * they would have come in. A thousandth of the events is of type `run.rare`; runs have four events each.
 */
export async function seedEvents(pool: pg.Pool, seed: Seed): Promise<Seeded> {
  const nowMs = Date.now();
  const fromMs = nowMs - seed.days * DAY_MS;
  await makePartitions(pool, { fromMs: Math.floor(fromMs / DAY_MS) * DAY_MS, toMs: nowMs + DAY_MS });
  const owners = await makeOwners(pool, seed);
  for (let first = 0; first < seed.count; first += ROWS_AT_ONCE) {
    await pool.query(insertEvents, [
      owners.tenantIds,
      owners.sources.map(({ tenantId }) => tenantId),
      owners.sources.map(({ id }) => id),
      first,
      Math.min(first + ROWS_AT_ONCE, seed.count),
      fromMs,
      (nowMs - fromMs) / seed.count,
      seed.bodyBytes ?? 200,
      owners.destinationId,
      seed.deliveredPercent ?? 10,
    ]);
  }
  await pool.query('vacuum (analyze) events, event_contents, deliveries, attempts, dedupe_keys');
  const [firstTenant] = owners.tenantIds;
  return {
    tenantIds: owners.tenantIds,
    sourceIds: owners.sources.filter(({ tenantId }) => tenantId === firstTenant).map(({ id }) => id),
    destinationId: owners.destinationId,
  };
}

interface Owners {
  readonly tenantIds: readonly string[];
  readonly sources: readonly { readonly tenantId: string; readonly id: string }[];
  readonly destinationId: string;
}

async function makeOwners(pool: pg.Pool, { sources: count, tenantId = newId() }: Seed): Promise<Owners> {
  const tenantIds = [tenantId, newId(), newId()];
  const sources = Array.from({ length: count }, (_, index) => ({
    tenantId: tenantIds[index % 2 === 0 ? 0 : 1 + (index % 4 === 1 ? 1 : 0)] ?? '',
    id: newId(),
  }));
  const destinationId = newId();
  await pool.query(
    `insert into tenants (id, slug, name, wrapped_key, created_at)
     select id, 'seed-' || id, 'Seed', '\\x00', now() from unnest($1::uuid[]) as t (id)
     on conflict (id) do nothing`,
    [tenantIds],
  );
  await pool.query(
    `insert into sources (tenant_id, id, slug, name, provider, config, status, created_at)
     select tenant_id, id, 's-' || id, 'Seed', (array['runflow', 'stripe', 'github'])[1 + number % 3], '{}', 'active', now()
     from unnest($1::uuid[], $2::uuid[]) with ordinality as s (tenant_id, id, number)`,
    [sources.map(({ tenantId }) => tenantId), sources.map(({ id }) => id)],
  );
  await pool.query(
    `insert into destinations (tenant_id, id, name, url, signing, timeout_seconds, status, created_at)
     values ($1, $2, 'Seed', 'http://127.0.0.1:9/', 'none', 15, 'paused', now())`,
    [tenantIds[0], destinationId],
  );
  return { tenantIds, sources, destinationId };
}

/** Stores events with contents for one source that exists, one after the other in the time until now. */
export async function seedEventsOf(
  pool: pg.Pool,
  owner: { readonly tenantId: string; readonly sourceId: string },
  { count, days }: { readonly count: number; readonly days: number },
): Promise<void> {
  const nowMs = Date.now();
  const fromMs = nowMs - days * DAY_MS;
  await makePartitions(pool, { fromMs: Math.floor(fromMs / DAY_MS) * DAY_MS, toMs: nowMs + DAY_MS });
  for (let first = 0; first < count; first += ROWS_AT_ONCE)
    await pool.query(insertEventsOf, [
      owner.tenantId,
      owner.sourceId,
      first,
      Math.min(first + ROWS_AT_ONCE, count),
      fromMs,
      (nowMs - fromMs) / count,
    ]);
  await pool.query('vacuum (analyze) events, event_contents');
}

const insertEventsOf = `
  with input as materialized (
    select n, ms, (lpad(to_hex(ms), 12, '0') || '7' || substr(digest, 1, 3) || 'a' || substr(digest, 4, 15))::uuid as id
    from generate_series($3::bigint, $4::bigint - 1) as n
    cross join lateral (select ($5::float + n * $6::float)::bigint as ms, md5('of' || n || $5) as digest) made
  ), stored as (
    insert into events (
      tenant_id, id, source_id, provider, type, received_at, method, path, query, content_type, size, scheme
    )
    select $1, id, $2, 'callbox', (array['run.completed', 'run.failed'])[1 + n % 2], to_timestamp(ms / 1000.0), 'POST',
      '/in/default/default', '', 'application/json', 200, 'hmac'
    from input
  )
  insert into event_contents (tenant_id, id, headers, body)
  select $1, id, '[["content-type", "application/json"]]', convert_to(rpad('{"event":"seeded","n":' || n || '}', 200), 'UTF8')
  from input`;

const hex = (salt: string) => `md5('${salt}' || n || $6)`;

const insertEvents = `
  with numbers as materialized (
    select n, ($6::float + n * $7::float)::bigint as ms, ${hex('a')} as digest,
      -- Nine of ten are the first tenant's, whose sources stand at the odd places.
      case when n % 10 = 0 then 2 + 2 * ((n / 10) % (cardinality($3::uuid[]) / 2))
        else 1 + 2 * ((n * 7919) % (cardinality($3::uuid[]) / 2)) end::integer as place
    from generate_series($4::bigint, $5::bigint - 1) as n
  ), input as materialized (
    select n, ms, digest, ($2::uuid[])[place] as tenant_id, ($3::uuid[])[place] as source_id,
      (lpad(to_hex(ms), 12, '0') || '7' || substr(digest, 1, 3) || 'a' || substr(digest, 4, 15))::uuid as id,
      case when n % 1000 = 501 then 'run.rare' else (array['run.completed', 'run.failed', 'run.started', 'run.step'])[1 + n % 4] end
        as type,
      (array['runflow', 'stripe', 'github'])[1 + place % 3] as provider,
      n % 100 < $10::integer and place % 2 = 1 as is_delivered
    from numbers
  ), stored as (
    insert into events (
      tenant_id, id, source_id, provider, type, provider_event_id, run_id, received_at, method, path, query,
      content_type, size, scheme, secret_id, signed_at
    )
    select tenant_id, id, source_id, provider, type, 'evt_' || digest, 'run_' || md5((n / 4)::text), to_timestamp(ms / 1000.0), 'POST',
      '/in/seed/source', '', 'application/json', $8::integer, 'hmac', source_id, to_timestamp(ms / 1000.0)
    from input
  ), contents as (
    insert into event_contents (tenant_id, id, headers, body)
    select tenant_id, id,
      jsonb_build_array(
        array['host', 'inbox.example.com'], array['user-agent', 'Provider-Hooks/1.0'], array['accept', '*/*'],
        array['content-type', 'application/json'], array['content-length', $8::text],
        array['x-request-id', digest], array['x-signature', ${hex('s')} || ${hex('t')}], array['x-timestamp', ms::text]
      ),
      convert_to(
        substr('{"event":"' || type || '","id":"' || digest || '","data":"' || body.noise || repeat(',"field":"value"', $8 / 20), 1, $8),
        'UTF8'
      )
    from input, lateral (
      select string_agg(md5(digest || part), '') as noise from generate_series(1, $8 / 64) as part
    ) body
  ), claimed as (
    insert into dedupe_keys (tenant_id, source_id, dedupe_key, event_id, expires_at)
    select tenant_id, source_id, 'evt_' || digest, id, to_timestamp(ms / 1000.0) + interval '1 day'
    from input where ms > (extract(epoch from now()) - 86400) * 1000
  ), deliveries as (
    insert into deliveries (tenant_id, id, event_id, source_id, destination_id, status, attempt_count, created_at, finished_at)
    select tenant_id,
      (lpad(to_hex(ms + 5), 12, '0') || '7' || substr(digest, 1, 3) || 'b' || substr(digest, 4, 15))::uuid,
      id, source_id, $9::uuid, case when n % 1000 = 1 then 'failed' else 'succeeded' end, 1,
      to_timestamp(ms / 1000.0), to_timestamp(ms / 1000.0)
    from input where is_delivered
  )
  insert into attempts (
    tenant_id, delivery_id, number, started_at, duration_ms, status_code, response_headers, response_body, response_truncated
  )
  select tenant_id,
    (lpad(to_hex(ms + 5), 12, '0') || '7' || substr(digest, 1, 3) || 'b' || substr(digest, 4, 15))::uuid,
    1, to_timestamp(ms / 1000.0), 20, case when n % 1000 = 1 then 500 else 200 end,
    '[["content-type", "text/plain"]]', 'ok', false
  from input where is_delivered and $1::uuid[] is not null`;
