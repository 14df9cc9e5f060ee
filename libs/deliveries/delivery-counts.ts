import type pg from 'pg';
import type { DeliveryCounts } from './deliveries.service.js';

interface EventKey {
  readonly tenant_id: string;
  readonly id: string;
}

/** How the deliveries of these events stand, by the event's id; an event that has none is left out. */
export async function deliveryCountsAcrossTenants(
  pool: pg.Pool,
  events: readonly EventKey[],
): Promise<Map<string, DeliveryCounts>> {
  if (events.length === 0) return new Map();
  const { rows } = await pool.query<DeliveryCounts & { event_id: string }>({
    name: 'delivery-counts',
    text: countDeliveries,
    values: [events.map(({ tenant_id }) => tenant_id), events.map(({ id }) => id)],
  });
  return new Map(rows.map(({ event_id, ...counts }) => [event_id, counts]));
}

const countDeliveries = `
  select d.event_id,
    count(*) filter (where d.status = 'pending')::integer as pending,
    count(*) filter (where d.status = 'succeeded')::integer as succeeded,
    count(*) filter (where d.status = 'failed')::integer as failed,
    count(*) filter (where d.status = 'held')::integer as held
  from unnest($1::uuid[], $2::uuid[]) as e (tenant_id, id)
  join deliveries d on d.tenant_id = e.tenant_id and d.event_id = e.id
  group by d.event_id`;
