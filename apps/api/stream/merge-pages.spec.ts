import { beginningOf } from '#events';
import type { FeedItem } from './feed.js';
import { mergePages } from './merge-pages.js';

const NOW_MS = 1_790_000_000_000;

/** `3a`: the thing `a` of transaction 3. */
function item(name: string): FeedItem {
  const [number = '', letter = ''] = /^(\d+)(\w)$/.exec(name)?.slice(1) ?? [];
  return {
    id: `0000000${letter}-0000-7000-8000-000000000000`,
    storedIn: BigInt(number),
    sourceId: '',
    source: '',
    json: () => name,
  };
}

function merged(events: readonly string[], rejections: readonly string[], limit = 3) {
  const page = mergePages(
    [
      { kind: 'event', items: events.map(item) },
      { kind: 'rejection', items: rejections.map(item) },
    ],
    { horizon: 100n, limit },
    NOW_MS,
  );
  return { ...page, items: page.items.map(({ kind, item: one }) => `${kind} ${one.json(true)}`) };
}

describe('pages of several feeds', () => {
  test('become one, in the order of transactions, then of ids; all is read up to the horizon', () => {
    expect(merged(['2a', '10a'], ['2b', '9c'])).toEqual({
      items: ['event 2a', 'rejection 2b', 'rejection 9c', 'event 10a'],
      next: beginningOf(100n, NOW_MS),
      isCut: false,
    });
  });

  test('end where a full one ends: what another feed has after it may come after what was not read yet', () => {
    const page = merged(['2a', '3a', '4a'], ['1a', '4b']);
    expect(page.items).toEqual(['rejection 1a', 'event 2a', 'event 3a', 'event 4a']);
    expect([page.next.storedIn, page.next.id, page.isCut]).toEqual([4n, item('4a').id, true]);
  });

  test('end where the first of two full ones ends', () => {
    const page = merged(['2a', '3a', '9a'], ['1a', '4a', '4b']);
    expect(page.items).toEqual(['rejection 1a', 'event 2a', 'event 3a', 'rejection 4a', 'rejection 4b']);
    expect(page.next.storedIn).toBe(4n);
  });

  test('that are empty move on to the horizon', () => {
    expect(merged([], [])).toEqual({ items: [], next: beginningOf(100n, NOW_MS), isCut: false });
  });
});
