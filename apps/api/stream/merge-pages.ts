import { beginningOf, compareEntries, type Place } from '#events';
import { timeOfId } from '#database';
import type { Bounds, FeedItem } from './feed.js';

/** What was read of one feed for one cursor. */
export interface FeedPage {
  readonly kind: string;
  readonly items: readonly FeedItem[];
}

/** What streams get next, in the one order of all feeds, and where they have then got to. */
export interface Page {
  readonly items: readonly { readonly kind: string; readonly item: FeedItem }[];
  readonly next: Place;
  /** Whether there may be more before the horizon. */
  readonly isCut: boolean;
}

/** Merges pages of several feeds. A feed that filled its page may have more that belongs before what others have. */
export function mergePages(pages: readonly FeedPage[], { horizon, limit }: Bounds, nowMs: number): Page {
  const filled = pages.flatMap(({ items }) => (items.length < limit ? [] : items.slice(-1)));
  const [cut] = filled.sort(compareEntries);
  const items = pages
    .flatMap(({ kind, items: ofFeed }) => ofFeed.map((item) => ({ kind, item })))
    .filter(({ item }) => cut === undefined || compareEntries(item, cut) <= 0)
    .sort((a, b) => compareEntries(a.item, b.item));
  if (cut === undefined) return { items, next: beginningOf(horizon, nowMs), isCut: false };
  return { items, next: placeAfter(cut), isCut: true };
}

/** The place after an item. */
export function placeAfter({ storedIn, id }: Pick<FeedItem, 'storedIn' | 'id'>): Place {
  return { storedIn, id, timeMs: timeOfId(id) };
}
