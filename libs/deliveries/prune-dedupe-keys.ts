import type pg from 'pg';

/** Small statements, so that a callback with the same key never waits for long. */
const PAGES_AT_ONCE = 64;
const LEAST_PAGES_A_ROUND = 1_024;
/** With a round a minute, the whole table is gone through twice an hour. */
const ROUNDS = 30;

/** Where in the table the next round begins. */
export interface DedupePosition {
  readonly page: number;
}

/**
 * Forgets dedupe keys whose window has ended, by going through a part of the table in the order it lies on disk. No
 * index serves this: one on the expiry would cost every callback a write, and reading along the disk costs two reads of
 * the table an hour, whatever the windows are. An ended key does no harm until then: the next event with it takes it over.
 */
export async function pruneDedupeKeys(pool: pg.Pool, { page }: DedupePosition): Promise<DedupePosition> {
  const { rows } = await pool.query<{ pages: number }>(
    `select (pg_relation_size('dedupe_keys') / current_setting('block_size')::integer)::integer as pages`,
  );
  const pages = rows[0]?.pages ?? 0;
  const first = page < pages ? page : 0;
  const until = Math.min(pages, first + Math.max(LEAST_PAGES_A_ROUND, Math.ceil(pages / ROUNDS)));
  for (let from = first; from < until; from += PAGES_AT_ONCE)
    await pool.query(forget, [`(${from},0)`, `(${Math.min(from + PAGES_AT_ONCE, until)},0)`]);
  return { page: until < pages ? until : 0 };
}

const forget = `
  delete from dedupe_keys where ctid = any (array(
    select ctid from dedupe_keys where ctid >= $1::tid and ctid < $2::tid and expires_at < now() for update skip locked
  ))`;
