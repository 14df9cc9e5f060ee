/** PostgreSQL's own uuid (src/include/catalog/pg_type.dat). */
const UUID_OID = 2_950;
const UUID_BYTES = 16;

/** Ids as one parameter: a `uuid[]` in PostgreSQL's binary format (array_recv). */
export function uuidArray(ids: readonly string[]): Buffer {
  const [dimensions, hasNulls, lowerBound] = [ids.length === 0 ? 0 : 1, 0, 1];
  const header =
    ids.length === 0
      ? [dimensions, hasNulls, UUID_OID]
      : [dimensions, hasNulls, UUID_OID, ids.length, lowerBound];
  return Buffer.concat([
    int32(...header),
    ...ids.flatMap((id) => [int32(UUID_BYTES), Buffer.from(id.replaceAll('-', ''), 'hex')]),
  ]);
}

function int32(...values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4);
  values.forEach((value, index) => bytes.writeInt32BE(value, index * 4));
  return bytes;
}
