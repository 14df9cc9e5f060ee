import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { SETTINGS, type Settings } from '#config';
import { createPool, poolSize, timeOfId } from '#database';
import { malformed } from '#errors';
import { beginningOf, lookAtOrder, type OrderNow, type Place, storedInOf, storedSince } from '#events';
import { LOGGER, type Logger } from '#logging';
import { Rejections } from '#rejections';
import { EventsFeed } from './events-feed.js';
import type { Cursor, Feed, FeedItem } from './feed.js';
import { mergePages, type Page } from './merge-pages.js';
import { readPlace } from './place-text.js';
import { RejectionsFeed } from './rejections-feed.js';

const STATEMENT_TIMEOUT_MS = 5_000;
/** Of one cursor at a time, per feed. */
const PAGE_ITEMS = 100;

/** Reads the database for the streams of this process. */
@Injectable()
export class StreamReader {
  readonly #pool: pg.Pool;
  readonly #feeds: readonly Feed[];

  constructor(@Inject(SETTINGS) settings: Settings, @Inject(LOGGER) logger: Logger, rejections: Rejections) {
    this.#pool = createPool(settings.databaseUrl ?? '', 'streams', STATEMENT_TIMEOUT_MS, {
      max: poolSize('streams', settings.processes),
      plans: 'in-order',
    });
    this.#pool.on('error', (error) => logger.warn({ error }, 'streams.connection_lost'));
    this.#feeds = [
      new EventsFeed(this.#pool),
      new RejectionsFeed(this.#pool, rejections, (error) =>
        logger.error({ error }, 'streams.rejection_not_shown'),
      ),
    ];
  }

  /** To be called when nothing is read any more. */
  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** How the order of what was stored stands. */
  look(): Promise<OrderNow> {
    return lookAtOrder(this.#pool);
  }

  /** The next page of each cursor, of all that was stored before `horizon`; `null` when it is to wait for what comes next. */
  async readAcrossTenants(cursors: readonly Cursor[], horizon: bigint): Promise<(Page | null)[]> {
    const bounds = { horizon, limit: PAGE_ITEMS };
    const nowMs = Date.now();
    const read: { kind: string; pages: readonly (readonly FeedItem[] | null)[] }[] = [];
    for (const feed of this.#feeds)
      read.push({ kind: feed.kind, pages: await feed.readAcrossTenants(cursors, bounds) });
    return cursors.map((_, index) => {
      const pages = read.flatMap(({ kind, pages: ofFeed }) => {
        const items = ofFeed[index] ?? null;
        return items === null ? [] : [{ kind, items }];
      });
      // What one kind has before it belongs between what the others have.
      return pages.length < read.length ? null : mergePages(pages, bounds, nowMs);
    });
  }

  /** Where a stream begins: now, or after what its client has had last. */
  async begin(tenantId: string, lastEventId: string | null): Promise<Place> {
    const read = lastEventId === null ? null : readPlace(lastEventId);
    if (lastEventId !== null && read === null)
      throw malformed([{ path: 'Last-Event-ID', message: 'must be the id of an event of a stream' }]);
    const order = await this.look();
    if (read === null) return beginningOf(order.horizon, Date.now());
    if ('thing' in read) return this.afterThing(tenantId, read.thing, order);
    // A number that has not been reached comes from another server, which this database was copied from.
    if (read.place.storedIn < order.next) return read.place;
    return this.since(tenantId, read.place.timeMs, order);
  }

  private async afterThing(tenantId: string, id: string, order: OrderNow): Promise<Place> {
    const timeMs = timeOfId(id);
    for (const { table } of this.#feeds) {
      const storedIn = await storedInOf(this.#pool, table, tenantId, id);
      if (storedIn !== null && storedIn < order.next) return { storedIn, id, timeMs };
    }
    return this.since(tenantId, timeMs, order);
  }

  /** Rather something twice than something not at all. */
  private async since(tenantId: string, timeMs: number, { horizon, next }: OrderNow): Promise<Place> {
    let earliest = horizon;
    for (const { table } of this.#feeds) {
      const storedIn = await storedSince(this.#pool, table, { tenantId, timeMs, next });
      if (storedIn !== null && storedIn < earliest) earliest = storedIn;
    }
    return beginningOf(earliest, Math.min(timeMs, Date.now()));
  }
}
