import type pg from 'pg';
import { fromUlid } from '#contract';
import { idAtTime } from '#database';

interface StoredEvents {
  readonly tenantId: string;
  readonly sourceId: string;
  readonly count: number;
  readonly runId?: string;
  /** Types `type.0`, `type.1` and so on, in turn. */
  readonly types?: number;
}

/** The UUID of an id that the API shows. */
export function uuidOf(ulid: string): string {
  const id = fromUlid(ulid);
  if (id === undefined) throw new Error(`not a ULID: ${ulid}`);
  return id;
}

/** Stores events as if they had come a moment ago and been fanned out while there was no destination. */
export async function storeEvents(pool: pg.Pool, events: StoredEvents): Promise<void> {
  await pool.query(
    `with input as materialized (
       select n, ($3 || '7000-8000-' || lpad(to_hex(n), 8, '0') || substr(md5($2::text || n), 1, 4))::uuid as id
       from generate_series(1, $4::bigint) n
     ), stored as (
       insert into events (tenant_id, id, source_id, provider, type, run_id, received_at, method, path, query, size, scheme)
       select $1, id, $2::uuid, 'runflow', 'type.' || n % $5::integer, $6, now(), 'POST', '/', '', 2, 'hmac' from input
     )
     insert into event_contents (tenant_id, id, headers, body) select $1, id, '[]', '{}' from input`,
    [
      uuidOf(events.tenantId),
      uuidOf(events.sourceId),
      idAtTime(Date.now() - 1_000).slice(0, 14),
      events.count,
      events.types ?? 1,
      events.runId ?? null,
    ],
  );
}
