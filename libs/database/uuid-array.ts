import { int32, OID } from './wire.js';

const UUID_BYTES = 16;

/** Ids as one parameter: a `uuid[]` in PostgreSQL's binary format (array_recv). */
export function uuidArray(ids: readonly string[]): Buffer {
  const [dimensions, hasNulls, lowerBound] = [1, 0, 1];
  return Buffer.concat([
    int32(dimensions, hasNulls, OID.uuid, ids.length, lowerBound),
    ...ids.flatMap((id) => [int32(UUID_BYTES), Buffer.from(id.replaceAll('-', ''), 'hex')]),
  ]);
}
