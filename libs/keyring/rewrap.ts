import { setTimeout as sleep } from 'node:timers/promises';
import { CannotDecrypt } from './envelope.js';
import type { KeyProviders } from './key-providers.js';
import { KeyServiceUnavailable } from './key-service-unavailable.js';
import { type KeyStore, WRAPPED_KEYS, type WrappedKeys } from './wrapped-keys.js';

const BATCH = 200;
const AT_ONCE = 4;
/** A key service that stumbles is asked again; one that is down is not waited for: to go on, run it again. */
const PAUSES_MS = [200, 1_000, 3_000];

/** A key that could not be moved. */
export interface Unmoved {
  readonly table: WrappedKeys['table'];
  readonly id: string;
}

/** What has been done so far. */
export interface RewrapResult {
  readonly rewrapped: number;
  /** Under a key that is not known here, or altered: nobody can read them, and they are left as they are. */
  readonly unmoved: readonly Unmoved[];
}

interface Row {
  readonly id: string;
  readonly wrapped_key: Buffer;
}

/**
 * Puts every wrapped key under the first of the known keys. The data keys themselves stay what they are, so nothing
 * else changes and nobody has to be told. Each row is replaced by itself, and only if it still is what was unwrapped:
 * it may be stopped at any point, run again, and run several times at once beside processes that serve.
 */
export async function rewrapAll(
  store: KeyStore,
  providers: KeyProviders,
  progress: (rewrapped: number) => void = () => undefined,
): Promise<RewrapResult> {
  const unmoved = new Map<string, Unmoved>();
  let rewrapped = 0;
  // Again until there was nothing to do: processes that still wrap with an older key may have added some.
  for (let isDone = false; !isDone;) {
    isDone = true;
    unmoved.clear();
    for (const column of WRAPPED_KEYS) {
      for await (const outcomes of rewrapColumn(store, providers, column)) {
        const moved = outcomes.filter(({ isMoved }) => isMoved).length;
        rewrapped += moved;
        if (moved > 0) isDone = false;
        for (const { id, isReadable } of outcomes)
          if (!isReadable) unmoved.set(`${column.table}/${id}`, { table: column.table, id });
        progress(rewrapped);
      }
    }
  }
  return { rewrapped, unmoved: [...unmoved.values()] };
}

interface Outcome {
  readonly id: string;
  readonly isMoved: boolean;
  readonly isReadable: boolean;
}

async function* rewrapColumn(
  store: KeyStore,
  providers: KeyProviders,
  column: WrappedKeys,
): AsyncGenerator<Outcome[]> {
  let after: string | null = null;
  for (;;) {
    const rows: Row[] = await store.queryAcrossTenants<Row>(
      `select ${column.id} as id, wrapped_key from ${column.table}
       where length(wrapped_key) > 0 and substring(wrapped_key from 1 for 9) <> $1
         and ($2::${column.idType} is null or ${column.id} > $2)
       order by ${column.id} limit ${BATCH}`,
      [providers.current.prefix, after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    for (let from = 0; from < rows.length; from += AT_ONCE) {
      const some = rows.slice(from, from + AT_ONCE);
      yield await Promise.all(some.map((row) => rewrapRow(store, providers, column, row)));
    }
    after = last.id;
  }
}

async function rewrapRow(
  store: KeyStore,
  providers: KeyProviders,
  column: WrappedKeys,
  row: Row,
): Promise<Outcome> {
  const { id } = row;
  try {
    const fresh = await patiently(() => wrapAgain(providers, column, row));
    const changed = await store.queryAcrossTenants(
      `with changed as (
         update ${column.table} set wrapped_key = $3 where ${column.id} = $1 and wrapped_key = $2 returning 1
       ) select from changed`,
      [id, row.wrapped_key, fresh],
    );
    return { id, isMoved: changed.length > 0, isReadable: true };
  } catch (error) {
    if (error instanceof CannotDecrypt) return { id, isMoved: false, isReadable: false };
    throw error;
  }
}

async function wrapAgain(providers: KeyProviders, column: WrappedKeys, row: Row): Promise<Buffer> {
  const context = column.contextOf(row.id);
  const key = await providers.unwrap(row.wrapped_key, context);
  try {
    return await providers.wrap(key, context);
  } finally {
    key.fill(0);
  }
}

async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof KeyServiceUnavailable)) throw error;
      await sleep(pauseMs);
    }
  }
  return work();
}
