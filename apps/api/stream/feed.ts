import type { Entry, Place, StoredTable } from '#events';

/** Where a tenant's streams have got to; those at the same place are read for together. */
export interface Cursor {
  readonly tenantId: string;
  readonly after: Place;
}

/** Something on its way to streams. */
export interface FeedItem extends Entry {
  readonly sourceId: string;
  /** Slug of the source. */
  readonly source: string;
  /** As JSON, what a list shows of it to a key that may see bodies or may not. */
  json(seesBodies: boolean): string;
}

/** What is to be read: up to where, and at most how much of each cursor. */
export interface Bounds {
  readonly horizon: bigint;
  readonly limit: number;
}

/** One kind of things that streams carry. */
export interface Feed {
  /** What stands in `event:`. */
  readonly kind: 'event' | 'rejection';
  readonly table: StoredTable['name'];
  /** For each cursor the items after it, in order; `null` when they are there and cannot be shown now. */
  readAcrossTenants(
    cursors: readonly Cursor[],
    bounds: Bounds,
  ): Promise<readonly (readonly FeedItem[] | null)[]>;
}
