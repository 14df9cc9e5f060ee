import type { EntityManager } from 'typeorm';
import type { DataKey } from '#keyring';
import { type CircuitRow, type Health, healthOf } from './circuit.js';
import type { Destination } from './destination.entity.js';

const HEADERS_PLACE = 'destinations.headers_ciphertext';

/** A destination with its headers in the clear, and how it is doing. */
export type DestinationView = Destination &
  Health & { readonly headers: Readonly<Record<string, string>> | null };

/** Encrypts headers of a destination's own. */
export function sealHeaders(
  destinationId: string,
  headers: Readonly<Record<string, string>>,
  dataKey: DataKey,
): Buffer {
  return dataKey.encrypt(HEADERS_PLACE, destinationId, JSON.stringify(headers));
}

/** Decrypts a destination's own headers. */
export function openHeaders(
  destination: Destination,
  dataKey: DataKey,
): Readonly<Record<string, string>> | null {
  if (destination.headers_ciphertext === null) return null;
  const text = dataKey
    .decrypt(HEADERS_PLACE, destination.id, destination.headers_ciphertext)
    .toString('utf8');
  return JSON.parse(text) as Record<string, string>;
}

/** Makes the view of a destination. */
export function view(
  destination: Destination,
  dataKey: DataKey,
  circuit: CircuitRow | null,
): DestinationView {
  const isActive = destination.status === 'active';
  return {
    ...destination,
    paused_reason: isActive ? null : (destination.paused_reason ?? 'manual'),
    headers: openHeaders(destination, dataKey),
    ...healthOf(circuit, isActive, Date.now()),
  };
}

/** What is known of those that are failing, by destination id. */
export async function circuitsOf(
  manager: EntityManager,
  destinations: readonly Destination[],
): Promise<Map<string, CircuitRow>> {
  const [first] = destinations;
  if (first === undefined) return new Map();
  const rows = await manager.query<CircuitRow[]>(
    `select destination_id, failing_since, failed_attempts, unavailable_attempts, opened_at, next_probe_at
     from circuits where tenant_id = $1 and destination_id = any($2::uuid[])`,
    [first.tenant_id, destinations.map(({ id }) => id)],
  );
  return new Map(rows.map((row) => [row.destination_id, row]));
}
