import { type EntityManager, IsNull } from 'typeorm';
import { CallbackSecret } from './callback-secret.entity.js';
import { currentByUse } from './current.js';

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

/**
 * Locks a source's secrets, so that which ones are current is decided by one transaction at a time, and writes down
 * which ones are by now: neither a newer secret nor a changed expiry may take the mark away from them later on.
 */
export async function settleCurrent(
  manager: EntityManager,
  tenantId: string,
  sourceId: string,
): Promise<CallbackSecret[]> {
  const siblings = await lockSecrets(manager, tenantId, sourceId);
  const current = currentByUse(siblings, Date.now());
  for (const secret of current) if (!secret.is_current) await makeCurrent(manager, secret);
  return marked(siblings, current);
}

/** Moves the mark of its use to a secret. */
export async function makeCurrent(manager: EntityManager, secret: CallbackSecret): Promise<void> {
  const { tenant_id, source_id, use, id } = secret;
  await manager.update(
    CallbackSecret,
    { tenant_id, source_id, use, is_current: true },
    { is_current: false },
  );
  await manager.update(CallbackSecret, { tenant_id, id }, { is_current: true });
}

/** Replaces the stored marks of secrets, of whatever sources, by the effective ones, see `currentOf`. */
export async function markCurrent(
  manager: EntityManager,
  tenantId: string,
  secrets: readonly CallbackSecret[],
): Promise<CallbackSecret[]> {
  const current: CallbackSecret[] = [];
  for (const sourceId of new Set(secrets.map((secret) => secret.source_id))) {
    const siblings = await manager.findBy(CallbackSecret, {
      tenant_id: tenantId,
      source_id: sourceId,
      deleted_at: IsNull(),
    });
    current.push(...currentByUse(siblings, Date.now()));
  }
  return marked(secrets, current);
}

function marked(secrets: readonly CallbackSecret[], current: readonly CallbackSecret[]): CallbackSecret[] {
  const ids = new Set(current.map(({ id }) => id));
  return secrets.map((secret) => ({ ...secret, is_current: ids.has(secret.id) }));
}
