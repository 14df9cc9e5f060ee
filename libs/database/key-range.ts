/**
 * The rows that have a value in each of some columns, by id, as SQL: a condition and an order that an index on the columns
 * and the id has and no other one. With plain equalities PostgreSQL may go through all of a tenant's rows by id instead,
 * in search of what few of them or none have: it takes every value for as common as values are on average, so where one
 * source has nearly all events it expects that of any other.
 */
export interface KeyRange {
  readonly condition: string;
  readonly oldestFirst: string;
  readonly newestFirst: string;
}

/**
 * @param keys Columns in the order of the index, and what they are to be.
 * @param id The id's column, which ends the index.
 * @param from The first id, and `before` the one after the last.
 */
export function keyRange(
  keys: readonly (readonly [column: string, value: string])[],
  id: string,
  { from, before }: { readonly from: string; readonly before: string },
): KeyRange {
  const columns = [...keys.map(([column]) => column), id];
  const edge = (end: string): string => `(${[...keys.map(([, value]) => value), end].join(', ')})`;
  return {
    condition: [
      `(${columns.join(', ')}) >= ${edge(from)}`,
      `(${columns.join(', ')}) < ${edge(before)}`,
      // Partitions are left out by bounds of the id alone.
      `${id} >= ${from} and ${id} < ${before}`,
      // An index on what is not null has to be told so.
      ...keys.map(([column]) => `${column} is not null`),
    ].join(' and '),
    oldestFirst: columns.join(', '),
    newestFirst: columns.map((column) => `${column} desc`).join(', '),
  };
}
