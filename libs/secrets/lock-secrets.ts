import { type EntityManager, IsNull } from 'typeorm';
import { CallbackSecret } from './callback-secret.entity.js';

/**
 * Locks all secrets of a source until the transaction ends, and reads them. The advisory lock stands for a source that
 * has none yet: of two first secrets made at once, one is to find the other. Rows are locked in the order of their ids,
 * as everywhere, so that two transactions cannot wait for each other.
 */
export async function lockSecrets(
  manager: EntityManager,
  tenantId: string,
  sourceId: string,
): Promise<CallbackSecret[]> {
  await manager.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `callback_secrets/${sourceId}`,
  ]);
  return manager.find(CallbackSecret, {
    where: { tenant_id: tenantId, source_id: sourceId, deleted_at: IsNull() },
    order: { id: 'ASC' },
    lock: { mode: 'pessimistic_write' },
  });
}
