import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import { Keyring } from '#keyring';
import { ApiKey } from './api-key.entity.js';
import { lookupHashOf, sealOf } from './api-key-hashes.js';
import { readApiKeyText } from './api-key-text.js';
import type { Role } from './roles.js';

/** `last_used_at` is written at most this often per key: a busy caller must not cost a write per request. */
const LAST_USED_EVERY_MS = 60_000;

/** Who calls the management API. */
export interface Caller {
  readonly tenantId: string;
  readonly apiKeyId: string;
  readonly apiKeyName: string;
  readonly role: Role;
}

/** A key that was presented and is not good, as far as it tells whose it is. */
export interface RefusedKey {
  readonly tenantId: string;
  readonly apiKeyId: string;
  readonly apiKeyName: string;
  readonly reason: 'wrong_secret' | 'expired' | 'deleted';
}

/** Who presents a text; a refused one names the key that it claims to be, where that is known. */
export type Authentication =
  { readonly caller: Caller } | { readonly caller: null; readonly refused: RefusedKey | null };

interface Row {
  readonly tenant_id: string;
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly expires_at: Date | null;
  readonly deleted_at: Date | null;
  readonly is_found: boolean;
  readonly seal: Buffer;
  readonly is_stale: boolean;
}

/** Tells who presents an API key. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
  ) {}

  /**
   * Who presents `plainKey`. Asks the database each time, so that a deletion holds at once everywhere; an unknown id and
   * a wrong secret cost the same question.
   */
  async authenticateAcrossTenants(plainKey: string): Promise<Authentication> {
    const text = readApiKeyText(plainKey);
    // What cannot be a key costs no question at all.
    if (text === 'not_ours') return { caller: null, refused: null };
    const [row] = await this.database.queryAcrossTenants<Row>(findKey, [
      lookupHashOf(this.keyring, plainKey),
      text.id,
      LAST_USED_EVERY_MS,
    ]);
    if (row === undefined) return { caller: null, refused: null };
    const reason = reasonToRefuse(row, this.isRight(row, plainKey));
    const key = { tenantId: row.tenant_id, apiKeyId: row.id, apiKeyName: row.name };
    if (reason !== null) return { caller: null, refused: { ...key, reason } };
    if (row.is_stale) await this.touch(key);
    return { caller: { ...key, role: row.role } };
  }

  /** The ids of those of `callers` whose key would still be let in: not deleted, not expired, its tenant not being erased. */
  async stillGoodAcrossTenants(
    callers: readonly Pick<Caller, 'tenantId' | 'apiKeyId'>[],
  ): Promise<ReadonlySet<string>> {
    const rows = await this.database.queryAcrossTenants<{ id: string }>(findGood, [
      callers.map(({ tenantId }) => tenantId),
      callers.map(({ apiKeyId }) => apiKeyId),
      new Date(),
    ]);
    return new Set(rows.map(({ id }) => id));
  }

  private isRight(row: Row, plainKey: string): boolean {
    const seal = sealOf(this.keyring, row, plainKey);
    return row.is_found && row.seal.length === seal.length && timingSafeEqual(row.seal, seal);
  }

  private async touch({ tenantId, apiKeyId }: { tenantId: string; apiKeyId: string }): Promise<void> {
    await this.database.tenant(tenantId, (manager) =>
      manager.update(ApiKey, { tenant_id: tenantId, id: apiKeyId }, { last_used_at: new Date() }),
    );
  }
}

function reasonToRefuse(row: Row, isRight: boolean): RefusedKey['reason'] | null {
  if (!isRight) return 'wrong_secret';
  if (row.deleted_at !== null) return 'deleted';
  return row.expires_at !== null && row.expires_at.getTime() <= Date.now() ? 'expired' : null;
}

/** By the keyed hash of the whole text; otherwise, to know whose key is being tried, by the id in it. */
const findKey = `
  select k.tenant_id, k.id, k.name, k.role, k.expires_at, k.deleted_at, d.seal, d.key_hash = $1 as is_found,
    coalesce(k.last_used_at < now() - interval '1 millisecond' * $3, true) as is_stale
  from api_key_directory d join api_keys k on k.tenant_id = d.tenant_id and k.id = d.api_key_id
  where d.key_hash = $1 or d.api_key_id = $2
  order by is_found desc
  limit 1`;

const findGood = `
  select k.id
  from unnest($1::uuid[], $2::uuid[]) as caller (tenant_id, id)
  join api_keys k on k.tenant_id = caller.tenant_id and k.id = caller.id
  join tenants t on t.id = k.tenant_id
  where k.deleted_at is null and (k.expires_at is null or k.expires_at > $3) and length(t.wrapped_key) > 0`;
