/** Which part of a list is asked for: the newest `limit` rows before `before`, an id; `null` starts at the newest. */
export interface PageRequest {
  readonly limit: number;
  readonly before: string | null;
}

/** A part of a list, newest first; `next_cursor` is opaque and `null` at the end. */
export interface Page<Row> {
  readonly data: Row[];
  readonly next_cursor: string | null;
}

/** Cuts `rows`, of which one more than `limit` was read, into a page. */
export function pageOf<Row extends { readonly id: string }>(rows: Row[], limit: number): Page<Row> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, next_cursor: rows.length > limit && last !== undefined ? writeCursor(last.id) : null };
}

/** The cursor of what comes after an id. */
export function writeCursor(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
}

/** The id in a cursor, or `undefined` when it is none of ours. */
export function readCursor(cursor: string): string | undefined {
  const hex = Buffer.from(cursor, 'base64url').toString('hex');
  if (hex.length !== 32 || writeCursor(hex) !== cursor) return undefined;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
