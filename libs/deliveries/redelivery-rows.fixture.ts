import type pg from 'pg';
import { idAtTime, newId } from '#database';
import { makePartitions } from '#events';
import { type Ask, type BulkFilter, criteriaOf, type OrderKey } from './bulk-order.js';
import { findRedelivery, type RedeliveryView } from './count-redelivery.js';
import type { Destination } from './destination.entity.js';
import { insertBulkOrder } from './insert-redelivery.js';
import { askOf, type Redeliverer } from './redeliverer.js';
import { Rows } from './rows.fixture.js';

const HOUR_MS = 60 * 60 * 1_000;

/** Orders and their events in a database of a spec's own, written directly. */
export class RedeliveryRows {
  private constructor(readonly rows: Rows) {}

  static async start(): Promise<RedeliveryRows> {
    const rows = await Rows.start();
    const nowMs = Date.now();
    await makePartitions(rows.database.pool, { fromMs: nowMs - 24 * HOUR_MS, toMs: nowMs + HOUR_MS });
    return new RedeliveryRows(rows);
  }

  get pool(): pg.Pool {
    return this.rows.database.pool;
  }

  get ask(): Ask {
    return askOf(this.pool);
  }

  /** Events of an hour ago, one after the other; their ids, oldest first. */
  async events(
    count: number,
    { sourceId = this.rows.sourceId, type = 'run.completed', tenantId = this.rows.tenantId } = {},
  ): Promise<string[]> {
    const from = idAtTime(Date.now() - HOUR_MS).slice(0, 14);
    const rows = await this.rows.run(
      `insert into events (tenant_id, id, source_id, provider, type, received_at, method, path, query, size, scheme)
       select $1, ($4 || '7000-8000-' || lpad(to_hex(n), 8, '0') || substr(md5($2::text || n), 1, 4))::uuid,
         $2::uuid, 'runflow', $3, now(), 'POST', '/', '', 1, 'hmac'
       from generate_series(1, $5::bigint) n returning id`,
      tenantId,
      sourceId,
      type,
      from,
      count,
    );
    return rows.map(({ id }) => String(id)).sort();
  }

  /** An order that nothing has been collected for. */
  async order(
    destinationIds: readonly string[],
    filter: BulkFilter = {},
    { perSecond, tenantId = this.rows.tenantId }: { perSecond?: number; tenantId?: string } = {},
  ): Promise<OrderKey> {
    const destinations = (await this.rows.run(
      'select * from destinations where tenant_id = $1 and id = any($2::uuid[])',
      tenantId,
      destinationIds,
    )) as unknown as Destination[];
    const order = { filter, destinationId: undefined, perSecond };
    const key = { tenantId, id: newId() };
    await insertBulkOrder(this.ask, key, criteriaOf(order, destinations, Date.now()), perSecond);
    return key;
  }

  async redelivery(key: OrderKey): Promise<RedeliveryView> {
    const redelivery = await findRedelivery(this.ask, key);
    if (redelivery === undefined) throw new Error('no such redelivery');
    return redelivery;
  }

  /** Events of an order's deliveries, in the order in which they are sent. */
  async eventsOf({ id }: OrderKey, destinationId?: string): Promise<string[]> {
    const rows = await this.rows.run(
      `select event_id from deliveries where redelivery_id = $1 and ($2::uuid is null or destination_id = $2)
       order by due_at nulls first, id`,
      id,
      destinationId ?? null,
    );
    return rows.map(({ event_id }) => String(event_id));
  }

  /** As if the destinations had taken all that is due. */
  async succeed(): Promise<void> {
    await this.rows.run(
      `update deliveries set status = 'succeeded', due_at = null, next_attempt_at = null, finished_at = clock_timestamp()
       where status = 'pending' and due_at <= now()`,
    );
  }

  /** Rounds until a condition holds, the destinations taking all that is due. */
  async rounds(redeliverer: Redeliverer, isOver: () => Promise<boolean>): Promise<number> {
    for (let count = 1; count < 2_000; count += 1) {
      await redeliverer.round();
      if (await isOver()) return count;
      await this.succeed();
    }
    throw new Error('the order does not come to an end');
  }

  stop(): Promise<void> {
    return this.rows.stop();
  }
}
