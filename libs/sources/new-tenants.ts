import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Database } from '#database';
import { type IssuedApiKey, type NewTenant, type Tenant, type TenantDraft, Tenants } from '#tenants';
import { Sources } from './sources.service.js';

/** Makes a tenant with what every tenant has: an admin key and the source `default`. */
@Injectable()
export class NewTenants {
  constructor(
    private readonly database: Database,
    private readonly tenants: Tenants,
    private readonly sources: Sources,
  ) {}

  async create(input: NewTenant): Promise<{ tenant: Tenant; apiKey: IssuedApiKey }> {
    const draft = await this.draft(input);
    return this.database.acrossTenants((manager) => this.createWithin(manager, draft));
  }

  /** What {@link createWithin} needs, made before its transaction begins. */
  draft(input: NewTenant): Promise<TenantDraft> {
    return this.tenants.draft(input);
  }

  /** Makes a tenant within a transaction over all tenants. */
  async createWithin(
    manager: EntityManager,
    input: TenantDraft,
  ): Promise<{ tenant: Tenant; apiKey: IssuedApiKey }> {
    const made = await this.tenants.createWithin(manager, input);
    await this.sources.createWithin(manager, made.tenant.id, {
      slug: 'default',
      name: 'Default',
      provider: 'callbox',
    });
    return made;
  }
}
