import type pg from 'pg';
import type { DataKey } from '#keyring';
import { joinHeaders } from './sensitive-headers.js';

/** The exact headers, credentials included, and the exact bytes of an event. */
export interface EventContent {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** A content as it is stored, credentials encrypted. */
export interface StoredContent {
  readonly headers: readonly (readonly [name: string, value: string | null])[];
  readonly sensitive_headers: Buffer | null;
  readonly body: Buffer;
}

/** Which events, of any tenants. */
interface EventKey {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Reads the contents of events for sending them on, by one statement on the worker's own connections; by event id, without those that have
 * been erased. The caller bounds how much that may be.
 */
export async function findContentsAcrossTenants(
  pool: pg.Pool,
  events: readonly EventKey[],
): Promise<Map<string, StoredContent>> {
  const { rows } = await pool.query<StoredContent & { id: string }>({
    name: 'find-contents',
    text: findContents,
    values: [events.map(({ tenantId }) => tenantId), events.map(({ id }) => id)],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

/** Decrypts the credentials of a stored content. */
export function openContent(stored: StoredContent, eventId: string, dataKey: DataKey): EventContent {
  const { headers, sensitive_headers: sensitiveHeaders, body } = stored;
  return { headers: joinHeaders({ headers, sensitiveHeaders }, eventId, dataKey), body };
}

// `offset 0`: so that each is looked up by its key, in its partition, whatever the planner thinks of the array.
const findContents = `
  select c.id, c.headers, c.sensitive_headers, c.body
  from unnest($1::uuid[], $2::uuid[]) as wanted (tenant_id, id)
  cross join lateral (
    select id, headers, sensitive_headers, body from event_contents
    where tenant_id = wanted.tenant_id and id = wanted.id offset 0
  ) c`;
