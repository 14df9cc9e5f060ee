import type pg from 'pg';
import { Event } from '#contract';
import { type DeliveryCounts, deliveryCountsAcrossTenants } from '#deliveries';
import { type Entry, type EventRow, readStored, type StoredTable } from '#events';
import { showEvent } from '../events/show-event.js';
import type { Bounds, Cursor, Feed, FeedItem } from './feed.js';

type StreamedEvent = Omit<EventRow, 'query'> & Entry & { readonly tenant_id: string; readonly slug: string };

const events: StoredTable = {
  name: 'events',
  columns: `e.tenant_id, e.source_id, e.provider, e.type, e.provider_event_id, e.run_id, e.received_at, e.method, e.path,
    e.content_type, e.size, e.duplicate_count, e.scheme, e.secret_id, e.signed_at,
    coalesce(s.slug, '') as slug, k.label as secret_label`,
  joins: `left join sources s on s.tenant_id = e.tenant_id and s.id = e.source_id
    left join callback_secrets k on k.tenant_id = e.tenant_id and k.id = e.secret_id`,
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
