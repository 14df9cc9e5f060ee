import type pg from 'pg';
import type { NewEvent } from './new-event.js';

/** What became of an event: stored, or recognised as one that is there already (`id` is the first one's). */
export interface Appended {
  readonly status: 'accepted' | 'duplicate';
  readonly id: string;
}

/**
 * Stores a batch of events with their contents, dedupe keys and obligations to be delivered, in one statement and so
 * in one commit. This is the place where a replicated log could stand in front of PostgreSQL.
 *
 * Few, large parameters make it fast: one JSON text for everything small, and all bodies concatenated into one binary
 * value that the statement cuts apart. Arrays of bodies, which the driver writes as hex strings, cost half the speed.
 */
export async function append(pool: pg.Pool, batch: readonly NewEvent[]): Promise<Appended[]> {
  const leaders = leadersOf(batch);
  const rows = [...new Set(leaders)];
  const { rows: answers } = await pool.query<{ id: string; event_id: string }>({
    name: 'append-events',
    text: appendEvents,
    values: [JSON.stringify(rowsToJson(rows)), Buffer.concat(rows.map((event) => event.body))],
  });
  const firstIds = new Map(answers.map(({ id, event_id }) => [id, event_id]));
  return batch.map((event, index) => {
    const leader = leaders[index] ?? event;
    const firstId = firstIds.get(leader.id) ?? leader.id;
    return firstId === event.id
      ? ({ status: 'accepted', id: firstId } as const)
      : ({ status: 'duplicate', id: firstId } as const);
  });
}

/** For each event the first of the batch with its dedupe key: a statement may not touch the same key twice. */
function leadersOf(batch: readonly NewEvent[]): NewEvent[] {
  const byKey = new Map<string, NewEvent>();
  return batch.map((event) => {
    if (event.dedupe === null) return event;
    const key = `${event.tenantId}/${event.sourceId}/${event.dedupe.key}`;
    const leader = byKey.get(key) ?? event;
    byKey.set(key, leader);
    return leader;
  });
}

function rowsToJson(events: readonly NewEvent[]): object[] {
  let offset = 1;
  return events.map((event) => {
    const body_offset = offset;
    offset += event.body.length;
    return {
      tenant_id: event.tenantId,
      id: event.id,
      source_id: event.sourceId,
      provider: event.provider,
      type: event.type,
      provider_event_id: event.providerEventId,
      run_id: event.runId,
      received_at_ms: event.receivedAtMs,
      method: event.method,
      path: event.path,
      query: event.query,
      content_type: event.contentType,
      headers: event.headers,
      sensitive_headers: event.sensitiveHeaders?.toString('base64') ?? null,
      body_offset,
      body_length: event.body.length,
      scheme: event.scheme,
      secret_id: event.secretId,
      signed_at_ms: event.signedAtMs,
      dedupe_key: event.dedupe?.key ?? null,
      dedupe_seconds: event.dedupe?.windowSeconds ?? null,
    };
  });
}

/**
 * A key that is there within its window gives back the first event's id and the row is not stored again; one whose
 * window has ended is taken over. The upsert waits for a concurrent transaction with the same key and then sees its
 * row, so exactly one of two concurrent callbacks is stored. Keys are taken in one order, so that two batches cannot
 * wait for each other.
 */
const appendEvents = `
  with input as materialized (
    select * from json_to_recordset($1::json) as r (
      tenant_id uuid, id uuid, source_id uuid, provider text, type text, provider_event_id text, run_id text,
      received_at_ms double precision, method text, path text, query text, content_type text, headers jsonb,
      sensitive_headers text, body_offset integer, body_length integer, scheme text, secret_id uuid,
      signed_at_ms double precision, dedupe_key text, dedupe_seconds integer
    )
  ), claimed as (
    insert into dedupe_keys as k (tenant_id, source_id, dedupe_key, event_id, expires_at)
    select tenant_id, source_id, dedupe_key, id, now() + make_interval(secs => dedupe_seconds)
    from input where dedupe_key is not null
    order by tenant_id, source_id, dedupe_key
    on conflict (tenant_id, source_id, dedupe_key) do update set
      event_id = case when k.expires_at <= now() then excluded.event_id else k.event_id end,
      expires_at = case when k.expires_at <= now() then excluded.expires_at else k.expires_at end
    returning k.tenant_id, k.source_id, k.dedupe_key, k.event_id
  ), outcome as (
    select i.id, coalesce(c.event_id, i.id) as event_id
    from input i left join claimed c
      on c.tenant_id = i.tenant_id and c.source_id = i.source_id and c.dedupe_key = i.dedupe_key
  ), accepted as (
    select i.* from input i join outcome o on o.id = i.id and o.event_id = i.id
  ), stored as (
    insert into events (
      tenant_id, id, source_id, provider, type, provider_event_id, run_id, received_at, method, path, query,
      content_type, size, scheme, secret_id, signed_at
    )
    select tenant_id, id, source_id, provider, type, provider_event_id, run_id, to_timestamp(received_at_ms / 1000),
      method, path, query, content_type, body_length, scheme, secret_id, to_timestamp(signed_at_ms / 1000)
    from accepted
  ), contents as (
    insert into event_contents (tenant_id, id, headers, sensitive_headers, body)
    select tenant_id, id, headers, decode(sensitive_headers, 'base64'), substring($2::bytea from body_offset for body_length)
    from accepted
  ), obligations as (
    insert into fan_outs (tenant_id, event_id, source_id)
    select tenant_id, id, source_id from accepted
  )
  select id, event_id from outcome where event_id <> id`;
