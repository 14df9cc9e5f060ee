import type { EntityManager } from 'typeorm';
import { idAtTime } from '#database';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** When each of these sources received its newest event; those that have none are left out. */
export async function lastEventTimes(
  manager: EntityManager,
  tenantId: string,
  sourceIds: readonly string[],
): Promise<Map<string, Date>> {
  // Most that receive anything have done so of late: to look into every partition for each costs far more.
  const recent = idAtTime(Date.now() - DAY_MS);
  const newestOf = async (
    ids: readonly string[],
    bound: string,
  ): Promise<[id: string, receivedAt: Date][]> => {
    const rows = await manager.query<{ id: string; received_at: Date }[]>(newest(bound), [
      tenantId,
      ids,
      recent,
    ]);
    return rows.map(({ id, received_at }) => [id, received_at]);
  };
  const times = new Map(await newestOf(sourceIds, 'e.id >= $3'));
  const silent = sourceIds.filter((id) => !times.has(id));
  if (silent.length === 0) return times;
  return new Map([...times, ...(await newestOf(silent, 'e.id < $3'))]);
}

const newest = (bound: string): string => `
  select s.id, newest.received_at
  from unnest($2::uuid[]) as s (id)
  cross join lateral (
    select received_at from events e
    where e.tenant_id = $1 and e.source_id = s.id and ${bound}
    order by e.id desc limit 1
  ) newest`;
