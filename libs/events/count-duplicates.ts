import type pg from 'pg';

/** Names an event. */
export interface EventKey {
  readonly tenantId: string;
  readonly id: string;
}

const DEADLOCK = '40P01';

/**
 * Adds one to the count of each of these events' duplicates, more to one that is named several times. A statement of its
 * own after the commit: the one that stores a batch cannot see a first event that another process stored a moment ago.
 */
export async function countDuplicates(pool: pg.Pool, firstEvents: readonly EventKey[]): Promise<void> {
  const ids = firstEvents.map(({ id }) => id);
  const inOrder = [...ids].sort();
  const parameters = [firstEvents.map(({ tenantId }) => tenantId), ids, inOrder.at(0), inOrder.at(-1)];
  // Without a name, so planned each time: a plan kept from when the tables were small would read them whole.
  const count = (): Promise<unknown> => pool.query(countDuplicatesSql, parameters);
  await count().catch((error: unknown) => {
    if ((error as Partial<pg.DatabaseError>).code !== DEADLOCK) throw error;
    return count();
  });
}

/**
 * In one order, so that two processes which count the same events hardly ever wait for each other; the planner may still
 * turn it around while a partition has few rows. The bounds of the ids are for the planner: without them it would look at
 * every partition, which takes longer than the count itself.
 */
const countDuplicatesSql = `
  update events e set duplicate_count = e.duplicate_count + d.count
  from (
    select tenant_id, id, count(*)::integer as count
    from unnest($1::uuid[], $2::uuid[]) as u (tenant_id, id)
    group by tenant_id, id
    order by tenant_id, id
  ) d
  where e.tenant_id = d.tenant_id and e.id = d.id and e.id between $3 and $4`;
