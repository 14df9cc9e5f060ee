import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Changes, Database, findPage, newId, type Page, pageOf, type PageRequest } from '#database';
import { problem } from '#errors';
import { Keyring } from '#keyring';
import { ApiKeys, type IssuedApiKey } from './api-keys.service.js';
import { AuditLog } from './audit-log.service.js';
import { type RateLimit, Tenant } from './tenant.entity.js';
import { TenantKeys } from './tenant-keys.js';

/**
 * Tables whose rows do not go with the tenant's row by foreign key: those that are written for every callback, and those
 * that operators share. What others are made of comes first: whoever is making them is waited for.
 */
const UNLINKED_TABLES = [
  'idempotency_keys',
  'dedupe_keys',
  'duplicate_counts',
  'events',
  'event_contents',
  'fan_outs',
  'deliveries',
  'attempts',
  'rejections',
  'rejection_counts',
] as const;
const ROWS_AT_ONCE = 2_000;
/** By then every process has forgotten the tenant, also one that has to find out that it hears nothing. */
const FORGOTTEN_AFTER_MS = 1_500;
/** For so long a process under load may be storing what it has taken in before. */
const STORED_AFTER_MS = 10_000;

/** What is told of a tenant to be. */
export interface NewTenant {
  readonly slug: string;
  readonly name: string;
  readonly adminKey?: string;
}

interface TenantPatch {
  readonly name?: string | undefined;
  readonly rate_limit?: RateLimit | null | undefined;
}

/** A tenant to be made, with its data key. */
export type TenantDraft = NewTenant & { readonly id: string; readonly wrappedKey: Buffer };

/** Makes, lists and erases tenants: the operator's side. */
@Injectable()
export class Tenants {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly tenantKeys: TenantKeys,
    private readonly apiKeys: ApiKeys,
    private readonly changes: Changes,
    private readonly audit: AuditLog,
  ) {}

  /** Gives a tenant to be its data key, outside of any transaction: the service that wraps it may take seconds. */
  async draft(input: NewTenant): Promise<TenantDraft> {
    const id = newId();
    return { ...input, id, wrappedKey: await this.keyring.makeDataKey(id) };
  }

  /** Makes a tenant with its first admin key, within a transaction over all tenants. */
  async createWithin(
    manager: EntityManager,
    input: TenantDraft,
  ): Promise<{ tenant: Tenant; apiKey: IssuedApiKey }> {
    const { id } = input;
    const tenant: Tenant = {
      id,
      slug: input.slug,
      name: input.name,
      wrapped_key: input.wrappedKey,
      rate_limit: null,
      created_at: new Date(),
    };
    const inserted = await manager
      .createQueryBuilder()
      .insert()
      .into(Tenant)
      .values(tenant)
      .orIgnore()
      .returning('id')
      .execute();
    if ((inserted.raw as unknown[]).length === 0)
      throw problem('slug_taken', `There is a tenant with the slug ${input.slug}`);
    await this.audit.record(manager, id, {
      action: 'tenant.created',
      target: { type: 'tenant', id, name: input.slug },
    });
    const adminKey = input.adminKey === undefined ? {} : { plainKey: input.adminKey };
    const apiKey = await this.apiKeys.issueWithin(manager, id, {
      name: 'First admin key',
      role: 'admin',
      ...adminKey,
    });
    return { tenant, apiKey };
  }

  async listAcrossTenants(page: PageRequest): Promise<Page<Tenant>> {
    const rows = await this.database.acrossTenants((manager) => findPage(manager, Tenant, {}, page));
    return pageOf(rows, page.limit);
  }

  async get(tenantId: string): Promise<Tenant> {
    const tenant = await this.database.acrossTenants((manager) =>
      manager.findOneBy(Tenant, { id: tenantId }),
    );
    if (tenant === null) throw problem('not_found');
    return tenant;
  }

  /** Changes what a tenant is called, or how many callbacks it may be sent. */
  async patch(tenantId: string, patch: TenantPatch): Promise<Tenant> {
    return this.database.acrossTenants(async (manager) => {
      const tenant = await manager.findOneBy(Tenant, { id: tenantId });
      if (tenant === null) throw problem('not_found');
      const { name = tenant.name, rate_limit = tenant.rate_limit } = patch;
      await manager.query('update tenants set name = $2, rate_limit = $3 where id = $1', [
        tenantId,
        name,
        rate_limit === null ? null : JSON.stringify(rate_limit),
      ]);
      await this.changes.announce(manager, { kind: 'tenant_limits', key: tenantId });
      await this.audit.record(manager, tenantId, {
        action: 'tenant.updated',
        target: { type: 'tenant', id: tenantId, name: tenant.slug },
        details: { ...patch },
      });
      return { ...tenant, name, rate_limit };
    });
  }

  /** Erases a tenant. Its data key goes first and by itself, so that from then on nothing can be decrypted. */
  async erase(tenantId: string): Promise<void> {
    const tenant = await this.get(tenantId);
    await this.database.acrossTenants(async (manager) => {
      await manager.query(`update tenants set wrapped_key = '' where id = $1`, [tenantId]);
      await this.changes.announce(manager, { kind: 'tenant', key: tenant.slug });
    });
    this.tenantKeys.forget(tenantId);
    await this.deleteUnlinked(tenantId);
    await sleep(FORGOTTEN_AFTER_MS);
    await this.deleteUnlinked(tenantId);
    await this.database.acrossTenants(async (manager) => {
      // Who is adding something of the tenant's at this moment is waited for, and nobody comes after.
      await manager.query('select from tenants where id = $1 for update', [tenantId]);
      for (const table of UNLINKED_TABLES)
        await manager.query(`delete from ${table} where tenant_id = $1`, [tenantId]);
      await manager.delete(Tenant, { id: tenantId });
    });
    setTimeout(() => void this.deleteUnlinked(tenantId).catch(() => undefined), STORED_AFTER_MS).unref();
  }

  /** A bounded number of rows at a time, since there may be any number of them. */
  private async deleteUnlinked(tenantId: string): Promise<void> {
    for (const table of UNLINKED_TABLES)
      for (let deleted = ROWS_AT_ONCE; deleted >= ROWS_AT_ONCE;)
        [, deleted] = await this.database.acrossTenants((manager) =>
          manager.query<[unknown, number]>(
            // A row of another partition in the same place is the tenant's as well, or is left alone.
            `delete from ${table} where tenant_id = $1
               and ctid = any (array(select ctid from ${table} where tenant_id = $1 limit ${ROWS_AT_ONCE}))`,
            [tenantId],
          ),
        );
  }
}
