import type { EntityManager } from 'typeorm';
import { idAtTime } from '#database';

const DAY_MS = 24 * 60 * 60 * 1_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** When each of these sources received its newest event; those that have none are left out. */
export async function lastEventTimes(
  manager: EntityManager,
  tenantId: string,
  sourceIds: readonly string[],
): Promise<Map<string, Date>> {
  // Most that receive anything have done so of late: to look into every partition for each costs far more.
  const recent = idAtTime(Date.now() - DAY_MS);
  const times = await newestOf(manager, { tenantId, sourceIds, from: recent, before: LAST_ID });
  const silent = sourceIds.filter((id) => !times.has(id));
  if (silent.length === 0) return times;
  const older = await newestOf(manager, { tenantId, sourceIds: silent, from: FIRST_ID, before: recent });
  return new Map([...times, ...older]);
}

interface Looked {
  readonly tenantId: string;
  readonly sourceIds: readonly string[];
  readonly from: string;
  readonly before: string;
}

async function newestOf(
  manager: EntityManager,
  { tenantId, sourceIds, from, before }: Looked,
): Promise<Map<string, Date>> {
  const rows = await manager.query<{ source_id: string; received_at: Date }[]>(
    `select s.id as source_id, newest.received_at
     from unnest($2::uuid[]) as s (id)
     cross join lateral (
       select received_at from events e
       where e.tenant_id = $1 and e.source_id = s.id and e.id >= $3 and e.id < $4
       order by e.id desc limit 1
     ) newest`,
    [tenantId, sourceIds, from, before],
  );
  return new Map(rows.map(({ source_id, received_at }) => [source_id, received_at]));
}
