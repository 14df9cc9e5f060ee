import type pg from 'pg';
import { Event } from '#contract';
import { type DeliveryCounts, deliveryCountsAcrossTenants } from '#deliveries';
import { type Entry, type EventRow, joined, readStored, shown, type StoredTable } from '#events';
import { showEvent } from '../events/show-event.js';
import type { Bounds, Cursor, Feed, FeedItem } from './feed.js';

type StreamedEvent = EventRow & Entry & { readonly tenant_id: string; readonly slug: string };

const events: StoredTable = {
  name: 'events',
  columns: `${shown}, e.tenant_id, coalesce(s.slug, '') as slug`,
  joins: `${joined} left join sources s on s.tenant_id = e.tenant_id and s.id = e.source_id`,
};

/** Accepted events. */
export class EventsFeed implements Feed {
  readonly kind = 'event';
  readonly table = 'events';

  constructor(private readonly pool: pg.Pool) {}

  async readAcrossTenants(cursors: readonly Cursor[], bounds: Bounds): Promise<FeedItem[][]> {
    const pages = await readStored<StreamedEvent>(this.pool, events, cursors, bounds);
    const counts = await deliveryCountsAcrossTenants(this.pool, pages.flat());
    return pages.map((page) => page.map((event) => itemOf(event, counts.get(event.id))));
  }
}

function itemOf(event: StreamedEvent, counts: DeliveryCounts | undefined): FeedItem {
  const { id, storedIn, source_id: sourceId, slug: source } = event;
  let json: string | undefined;
  return {
    id,
    storedIn,
    sourceId,
    source,
    json: () => (json ??= JSON.stringify(Event.parse(showEvent(event, source, counts)))),
  };
}
