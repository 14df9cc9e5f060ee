import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { Database, findPage, newId, type Page, pageOf, type PageRequest } from '#database';
import { problem } from '#errors';
import { Keyring } from '#keyring';
import { ApiKey } from './api-key.entity.js';
import { lookupHashOf, sealOf } from './api-key-hashes.js';
import { newApiKeyText } from './api-key-text.js';
import { AuditLog } from './audit-log.service.js';
import type { Role } from './roles.js';

const HINT_CHARACTERS = 4;

/** An API key with its plain text, which is given this once. */
export type IssuedApiKey = ApiKey & { readonly plain_key: string };

interface NewApiKey {
  readonly name: string;
  readonly role: Role;
  readonly expiresAt?: Date | null;
  /** Given only for the bootstrap key; made up otherwise. */
  readonly plainKey?: string;
}

/** Issues, rotates, lists and deletes API keys. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly audit: AuditLog,
  ) {}

  /** Issues a key. */
  issue(tenantId: string, input: NewApiKey): Promise<IssuedApiKey> {
    return this.database.tenant(tenantId, (manager) => this.issueWithin(manager, tenantId, input));
  }

  /** Issues a key within a transaction. */
  async issueWithin(manager: EntityManager, tenantId: string, input: NewApiKey): Promise<IssuedApiKey> {
    const issued = await this.insert(manager, tenantId, { ...input, replaces: null });
    await this.note(manager, 'api_key.created', issued, {
      role: issued.role,
      expires_at: issued.expires_at,
      reveals: 'plain_key',
    });
    return issued;
  }

  /** Makes the successor of a key, of the same name and role; both work until the overlap ends. */
  rotate(
    tenantId: string,
    id: string,
    { overlapSeconds, expiresAt }: { readonly overlapSeconds: number; readonly expiresAt: Date | null },
  ): Promise<IssuedApiKey> {
    return this.database.tenant(tenantId, async (manager) => {
      const old = await this.find(manager, tenantId, id, true);
      const overlapEnds = new Date(Date.now() + overlapSeconds * 1_000);
      // A key that was to expire sooner still does.
      const oldExpiresAt =
        old.expires_at !== null && old.expires_at < overlapEnds ? old.expires_at : overlapEnds;
      const issued = await this.insert(manager, tenantId, {
        name: old.name,
        role: old.role,
        expiresAt,
        replaces: id,
      });
      await manager.update(ApiKey, { tenant_id: tenantId, id }, { expires_at: oldExpiresAt });
      await this.refuseToLoseTheLastAdmin(manager, tenantId);
      await this.note(manager, 'api_key.rotated', issued, {
        role: issued.role,
        replaces: old.name,
        expires_at: expiresAt,
        old_expires_at: oldExpiresAt,
        reveals: 'plain_key',
      });
      return issued;
    });
  }

  async list(tenantId: string, page: PageRequest): Promise<Page<ApiKey>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      findPage(manager, ApiKey, { tenant_id: tenantId, deleted_at: IsNull() }, page),
    );
    return pageOf(rows, page.limit);
  }

  get(tenantId: string, id: string): Promise<ApiKey> {
    return this.database.tenant(tenantId, (manager) => this.find(manager, tenantId, id));
  }

  /** Deletes a key; it stops working with the commit. A tenant keeps one admin key that does not expire. */
  async delete(tenantId: string, id: string): Promise<void> {
    await this.database.tenant(tenantId, async (manager) => {
      const doomed = await this.find(manager, tenantId, id, true);
      await manager.update(ApiKey, { tenant_id: tenantId, id }, { deleted_at: new Date() });
      if (doomed.role === 'admin') await this.refuseToLoseTheLastAdmin(manager, tenantId);
      await this.note(manager, 'api_key.deleted', doomed, { role: doomed.role });
    });
  }

  private async insert(
    manager: EntityManager,
    tenantId: string,
    input: NewApiKey & { readonly replaces: string | null },
  ): Promise<IssuedApiKey> {
    const id = newId();
    const plainKey = input.plainKey ?? newApiKeyText(id);
    const key: ApiKey = {
      tenant_id: tenantId,
      id,
      name: input.name,
      role: input.role,
      hint: plainKey.slice(-HINT_CHARACTERS),
      created_at: new Date(),
      expires_at: input.expiresAt ?? null,
      last_used_at: null,
      replaces: input.replaces,
      deleted_at: null,
    };
    await manager.insert(ApiKey, key);
    await manager.query(
      'insert into api_key_directory (key_hash, tenant_id, api_key_id, seal) values ($1, $2, $3, $4)',
      [lookupHashOf(this.keyring, plainKey), tenantId, id, sealOf(this.keyring, key, plainKey)],
    );
    return { ...key, plain_key: plainKey };
  }

  /** The key. `toChange`: with all keys of the tenant locked, so that two changes cannot each rely on the other's key. */
  private async find(
    manager: EntityManager,
    tenantId: string,
    id: string,
    toChange = false,
  ): Promise<ApiKey> {
    const keys = await manager.find(ApiKey, {
      where: { tenant_id: tenantId, deleted_at: IsNull(), ...(toChange ? {} : { id }) },
      order: { id: 'ASC' },
      ...(toChange ? { lock: { mode: 'pessimistic_write' as const } } : {}),
    });
    const key = keys.find((one) => one.id === id);
    if (key === undefined) throw problem('not_found');
    return key;
  }

  private async refuseToLoseTheLastAdmin(manager: EntityManager, tenantId: string): Promise<void> {
    const lasting = await manager.countBy(ApiKey, {
      tenant_id: tenantId,
      role: 'admin',
      deleted_at: IsNull(),
      expires_at: IsNull(),
    });
    if (lasting === 0) throw problem('last_admin_key');
  }

  private note(
    manager: EntityManager,
    action: 'api_key.created' | 'api_key.rotated' | 'api_key.deleted',
    { tenant_id: tenantId, id, name }: ApiKey,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.audit.record(manager, tenantId, { action, target: { type: 'api_key', id, name }, details });
  }
}
