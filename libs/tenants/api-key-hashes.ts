import type { Keyring } from '#keyring';
import type { ApiKey } from './api-key.entity.js';

/** By which a presented text is found; its tenant is not known yet. */
export function lookupHashOf(keyring: Keyring, text: string): Buffer {
  return keyring.hashToken('api-key', text);
}

/** What a text must also match where it was found: moved to another key, tenant or role it fits nothing. */
export function sealOf(
  keyring: Keyring,
  { tenant_id: tenantId, id, role }: Pick<ApiKey, 'tenant_id' | 'id' | 'role'>,
  text: string,
): Buffer {
  return keyring.hashToken('api-key-seal', text, [tenantId, id, role]);
}
