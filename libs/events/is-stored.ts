import type { EntityManager } from 'typeorm';

/** Whether an event is there, within a transaction; what was erased or has been retired is not. */
export async function isStoredWithin(manager: EntityManager, tenantId: string, id: string): Promise<boolean> {
  const rows = await manager.query<unknown[]>('select 1 from events where tenant_id = $1 and id = $2', [
    tenantId,
    id,
  ]);
  return rows.length > 0;
}
