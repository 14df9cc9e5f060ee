import type pg from 'pg';
import type { DataKey } from '#keyring';
import { joinHeaders } from './sensitive-headers.js';

/** The exact headers, credentials included, and the exact bytes of an event. */
export interface EventContent {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** Opens the content of an event for sending it on, by one statement on the worker's own connections; `null` when it has been erased. */
export async function openContentAcrossTenants(
  pool: pg.Pool,
  event: { readonly tenantId: string; readonly id: string },
  dataKey: DataKey,
): Promise<EventContent | null> {
  const { rows } = await pool.query<{
    headers: readonly (readonly [name: string, value: string | null])[];
    sensitive_headers: Buffer | null;
    body: Buffer;
  }>({
    name: 'open-content',
    text: 'select headers, sensitive_headers, body from event_contents where tenant_id = $1 and id = $2',
    values: [event.tenantId, event.id],
  });
  const [row] = rows;
  if (row === undefined) return null;
  const stored = { headers: row.headers, sensitiveHeaders: row.sensitive_headers };
  return { headers: joinHeaders(stored, event.id, dataKey), body: row.body };
}
