import type { EntityManager } from 'typeorm';
import { problem } from '#errors';

/**
 * Refuses while the sender still uses a secret: it verified the newest callback of its source, and no other one of the
 * same use has verified one since. Both secrets of a source that requires two verify the same callback; neither is a
 * replacement for the other.
 */
export async function refuseIfInUse(manager: EntityManager, tenantId: string, id: string): Promise<void> {
  const rows = await manager.query<{ last_verified_at: Date }[]>(
    `select s.last_verified_at from callback_secrets s
     where s.tenant_id = $1 and s.id = $2 and s.last_verified_at is not null
       and not exists (
         select from callback_secrets o
         where o.tenant_id = $1 and o.source_id = s.source_id and o.use = s.use
           and o.last_verified_at > s.last_verified_at
       )`,
    [tenantId, id],
  );
  if (rows[0] === undefined) return;
  throw problem('secret_in_use', {
    detail:
      'It verified the newest callback of its source; switch the provider over first, or add ?force=true',
    members: { last_verified_at: rows[0].last_verified_at.toISOString() },
  });
}
