/** Where wrapped keys are kept: statements over all tenants. */
export interface KeyStore {
  queryAcrossTenants<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]>;
}

/** The context that a tenant's data key is wrapped with. */
export const contextOfDataKey = (tenantId: string): readonly string[] => ['data-key', tenantId];

/** The context that a key of the installation is wrapped with. */
export const contextOfSystemKey = (name: string): readonly string[] => [name];

/** Every column that holds wrapped keys. A new one belongs in this list, or master keys cannot be changed any more. */
export const WRAPPED_KEYS = [
  { table: 'system_keys', id: 'name', idType: 'text', contextOf: contextOfSystemKey },
  { table: 'tenants', id: 'id', idType: 'uuid', contextOf: contextOfDataKey },
] as const;

/** One of {@link WRAPPED_KEYS}. */
export type WrappedKeys = (typeof WRAPPED_KEYS)[number];

/** How many keys of a table are under one key. */
export interface KeyCount {
  readonly table: WrappedKeys['table'];
  readonly prefix: Buffer;
  readonly count: number;
}

/** Counts the wrapped keys by what they are under. Those of tenants that are being erased are gone already. */
export async function countWrappedKeys(store: KeyStore): Promise<KeyCount[]> {
  const counts = WRAPPED_KEYS.map(async ({ table }) => {
    const rows = await store.queryAcrossTenants<{ prefix: Buffer; count: number }>(
      `select substring(wrapped_key from 1 for 9) as prefix, count(*)::int as count
       from ${table} where length(wrapped_key) > 0 group by 1 order by 1`,
      [],
    );
    return rows.map((row) => ({ table, ...row }));
  });
  return (await Promise.all(counts)).flat();
}
