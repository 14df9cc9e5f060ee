import { Injectable } from '@nestjs/common';
import { type EntityManager, LessThan } from 'typeorm';
import { Database, newId, type Page, type PageRequest, pageOf } from '#database';
import { problem } from '#errors';
import { Keyring } from '#keyring';
import { ApiKey } from './api-key.entity.js';
import { newApiKeyText } from './api-key-text.js';
import type { Role } from './roles.js';

const HINT_CHARACTERS = 4;
/** `last_used_at` is written at most this often per key: a busy caller must not cost a write per request. */
const LAST_USED_EVERY_MS = 60_000;

/** Who calls the management API. */
export interface Caller {
  readonly tenantId: string;
  readonly apiKeyId: string;
  readonly role: Role;
}

/** An API key with its plain text, which is given this once. */
export type IssuedApiKey = ApiKey & { readonly plain_key: string };

interface NewApiKey {
  readonly name: string;
  readonly role: Role;
  readonly expiresAt?: Date | null;
  /** Given only for the bootstrap key; made up otherwise. */
  readonly plainKey?: string;
}

/** Issues, finds and deletes API keys. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
  ) {}

  /** Issues a key. */
  issue(tenantId: string, input: NewApiKey): Promise<IssuedApiKey> {
    return this.database.acrossTenants((manager) => this.issueWithin(manager, tenantId, input));
  }

  /** Issues a key within a transaction over all tenants. */
  async issueWithin(manager: EntityManager, tenantId: string, input: NewApiKey): Promise<IssuedApiKey> {
    const plainKey = input.plainKey ?? newApiKeyText();
    const key: ApiKey = {
      tenant_id: tenantId,
      id: newId(),
      name: input.name,
      role: input.role,
      hint: plainKey.slice(-HINT_CHARACTERS),
      created_at: new Date(),
      expires_at: input.expiresAt ?? null,
      last_used_at: null,
    };
    await manager.insert(ApiKey, key);
    await manager.query(
      'insert into api_key_directory (key_hash, tenant_id, api_key_id) values ($1, $2, $3)',
      [this.keyring.hashToken(plainKey), tenantId, key.id],
    );
    return { ...key, plain_key: plainKey };
  }

  async list(tenantId: string, page: PageRequest): Promise<Page<ApiKey>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.find(ApiKey, {
        where: { tenant_id: tenantId, ...(page.before === null ? {} : { id: LessThan(page.before) }) },
        order: { id: 'DESC' },
        take: page.limit + 1,
      }),
    );
    return pageOf(rows, page.limit);
  }

  /** Deletes a key; it stops working with the commit. A tenant keeps one admin key that does not expire. */
  async delete(tenantId: string, id: string): Promise<void> {
    await this.database.tenant(tenantId, async (manager) => {
      // All admin keys are locked, so that two deletions cannot each leave the other's key as the last one.
      const admins = await manager.find(ApiKey, {
        where: { tenant_id: tenantId, role: 'admin' },
        lock: { mode: 'pessimistic_write' },
      });
      const doomed = await manager.findOneBy(ApiKey, { tenant_id: tenantId, id });
      if (doomed === null) throw problem('not_found');
      const remaining = admins.filter((key) => key.id !== id && key.expires_at === null);
      if (doomed.role === 'admin' && remaining.length === 0) throw problem('last_admin_key');
      await manager.delete(ApiKey, { tenant_id: tenantId, id });
    });
  }

  /** Who presents `plainKey`, or `null`. Asks the database each time, so that a deletion holds at once everywhere. */
  async authenticateAcrossTenants(plainKey: string): Promise<Caller | null> {
    const rows = await this.database.queryAcrossTenants<ApiKey & { stale: boolean }>(
      `select k.tenant_id, k.id, k.role, k.expires_at,
         coalesce(k.last_used_at < now() - interval '1 millisecond' * $2, true) as stale
       from api_key_directory d join api_keys k on k.tenant_id = d.tenant_id and k.id = d.api_key_id
       where d.key_hash = $1`,
      [this.keyring.hashToken(plainKey), LAST_USED_EVERY_MS],
    );
    const [key] = rows;
    if (key === undefined || (key.expires_at !== null && key.expires_at.getTime() <= Date.now())) return null;
    if (key.stale) await this.touch(key);
    return { tenantId: key.tenant_id, apiKeyId: key.id, role: key.role };
  }

  private async touch(key: ApiKey): Promise<void> {
    await this.database.tenant(key.tenant_id, (manager) =>
      manager.update(ApiKey, { tenant_id: key.tenant_id, id: key.id }, { last_used_at: new Date() }),
    );
  }
}
