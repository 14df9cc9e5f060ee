import type pg from 'pg';
import type { Ask, Criteria, OrderKey } from './bulk-order.js';
import { cancelSome } from './cancel-redelivery.js';
import { collectStep } from './collect.js';
import { BY_INDEX, settleCounts } from './count-redelivery.js';
import { feedStep } from './feed.js';
import { FeedWindows } from './feed-windows.js';

/** Orders of one tenant that are looked at in a round. */
const MOST_OF_TENANT = 100;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
/** A step that moves so many is followed by the next one at once; what is paced need not be looked at more often. */
const MANY = 500;

/** What a round has come to. */
export interface Round {
  /** How many deliveries were made. */
  readonly fed: number;
  /** `hurry`: there is more to do at once; `wait`: there is, as soon as something else has happened; `none`: nothing. */
  readonly left: 'hurry' | 'wait' | 'none';
}

/** What one order has come to. */
interface Advance {
  readonly moved: number;
  readonly fed: number;
  readonly isWaiting: boolean;
}

interface OrderRow {
  readonly stage: 'collecting' | 'feeding' | 'cancelling' | 'draining';
  readonly criteria: Criteria;
  readonly per_second: number | null;
  readonly collected_to: string;
  readonly next_slot_ms: number;
  readonly made: number;
}

/**
 * Carries orders on, each by a step in a transaction of its own: collects their events, makes deliveries of them, cancels
 * what was stopped, counts what is over. A process that dies leaves an order where its last step ended, and any other
 * one goes on from there; an order that one process has in hand the others pass over.
 */
export class Redeliverer {
  readonly #windows = new FeedWindows();
  /** The last order of each tenant that had its turn. */
  #served = new Map<string, string>();

  constructor(private readonly pool: pg.Pool) {}

  /** Gives every tenant with orders one step, of the first of its orders that can make one. */
  async round(): Promise<Round> {
    const orders = await this.findOrders();
    const served = new Map<string, string>();
    let [fed, most, isWaiting] = [0, 0, false];
    for (const order of orders) {
      if (served.has(order.tenantId)) continue;
      const advance = await this.advance(order);
      fed += advance.fed;
      most = Math.max(most, advance.moved);
      isWaiting ||= advance.isWaiting;
      if (advance.moved > 0) served.set(order.tenantId, order.id);
    }
    const tenants = new Set(orders.map(({ tenantId }) => tenantId));
    // Who could do nothing begins where it began this time; who has no orders any more is forgotten.
    this.#served = new Map([...this.#served, ...served].filter(([tenantId]) => tenants.has(tenantId)));
    return { fed, left: most >= MANY ? 'hurry' : isWaiting || most > 0 ? 'wait' : 'none' };
  }

  /** The first order of every tenant, then the second ones, and so on; after those that had their turn. */
  private async findOrders(): Promise<OrderKey[]> {
    const { rows } = await this.pool.query<OrderKey>(findActive, [
      [...this.#served.keys()],
      [...this.#served.values()],
      FIRST_ID,
      MOST_OF_TENANT,
    ]);
    return rows;
  }

  private async advance(key: OrderKey): Promise<Advance> {
    const client = await this.pool.connect();
    const ask = askOf(client);
    try {
      await client.query('begin');
      await client.query(BY_INDEX);
      const [row] = await ask<OrderRow>(lockOrder, [key.tenantId, key.id]);
      const advance =
        row === undefined ? { moved: 0, fed: 0, isWaiting: false } : await this.step(ask, key, row);
      await client.query('commit');
      client.release();
      return advance;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  private async step(ask: Ask, key: OrderKey, row: OrderRow): Promise<Advance> {
    switch (row.stage) {
      case 'collecting': {
        await collectStep(ask, key, row.criteria, row.collected_to);
        const fed = await this.feed(ask, key, row);
        // However little it found, there is more to look at.
        return { moved: MANY, fed, isWaiting: true };
      }
      case 'feeding': {
        const fed = await this.feed(ask, key, row);
        return { moved: fed, fed, isWaiting: true };
      }
      case 'cancelling': {
        const isDone = await cancelSome(ask, key);
        if (isDone) await ask(endCancelling, [key.tenantId, key.id]);
        return { moved: 0, fed: 0, isWaiting: !isDone };
      }
      case 'draining':
        await settleCounts(ask, key);
        return { moved: 0, fed: 0, isWaiting: false };
    }
  }

  private feed(ask: Ask, key: OrderKey, row: OrderRow): Promise<number> {
    const order = {
      ...key,
      criteria: row.criteria,
      perSecond: row.per_second,
      nextSlotMs: row.next_slot_ms,
      made: row.made,
    };
    return feedStep(ask, order, this.#windows);
  }
}

/** Asks over one connection, or over any one of a pool. */
export function askOf(client: pg.PoolClient | pg.Pool): Ask {
  return async <Row>(sql: string, parameters: readonly unknown[]) => {
    const { rows } = await client.query(sql, [...parameters]);
    return rows as Row[];
  };
}

const isActive = `stage is not null and stage <> 'settled'`;

const findActive = `
  with recursive tenants as (
    (select tenant_id from redeliveries where ${isActive} order by tenant_id limit 1)
    union all
    select following.tenant_id from tenants t cross join lateral (
      select r.tenant_id from redeliveries r where ${isActive} and r.tenant_id > t.tenant_id order by r.tenant_id limit 1
    ) following
  )
  select t.tenant_id as "tenantId", r.id
  from (select tenant_id, random() as turn from tenants) t
  left join unnest($1::uuid[], $2::uuid[]) as s (tenant_id, id) on s.tenant_id = t.tenant_id
  cross join lateral (
    select o.id, row_number() over (order by o.id <= coalesce(s.id, $3::uuid), o.id) as position from redeliveries o
    where ${isActive.replaceAll('stage', 'o.stage')} and o.tenant_id = t.tenant_id
    order by position limit $4
  ) r
  order by r.position, t.turn`;

const lockOrder = `
  select stage, criteria, per_second, collected_to, made,
    extract(epoch from greatest(next_slot_at, now()) - now())::float8 * 1000 as next_slot_ms
  from redeliveries where tenant_id = $1 and id = $2 and ${isActive} for update skip locked`;

const endCancelling = `
  update redeliveries set stage = case when made > 1000 then 'draining' end where tenant_id = $1 and id = $2`;
