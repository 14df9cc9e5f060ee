import type pg from 'pg';

/** Names an event. */
export interface EventKey {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Adds one to the count of each of these events' duplicates, more to one that is named several times. A statement of its
 * own after the commit: the one that stores a batch cannot see a first event that another process stored a moment ago.
 */
export async function countDuplicates(pool: pg.Pool, firstEvents: readonly EventKey[]): Promise<void> {
  // Without a name, so planned each time: a plan kept from when the tables were small would read them whole.
  await pool.query(countDuplicatesSql, [
    firstEvents.map(({ tenantId }) => tenantId),
    firstEvents.map(({ id }) => id),
  ]);
}

/** Rows are locked in one order, so that two processes which count the same events cannot wait for each other. */
const countDuplicatesSql = `
  with duplicates as (
    select tenant_id, id, count(*)::integer as count
    from unnest($1::uuid[], $2::uuid[]) as u (tenant_id, id)
    group by tenant_id, id
  ), locked as (
    select e.tenant_id, e.id, d.count
    from duplicates d join events e on e.tenant_id = d.tenant_id and e.id = d.id
    order by e.tenant_id, e.id
    for update of e
  )
  update events e set duplicate_count = e.duplicate_count + l.count
  from locked l
  where e.tenant_id = l.tenant_id and e.id = l.id`;
