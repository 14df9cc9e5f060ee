import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Database } from '#database';
import { type IssuedApiKey, type Tenant, Tenants } from '#tenants';
import { Sources } from './sources.service.js';

interface NewTenant {
  readonly slug: string;
  readonly name: string;
  readonly adminKey?: string;
}

/** Makes a tenant with what every tenant has: an admin key and the source `default`. */
@Injectable()
export class NewTenants {
  constructor(
    private readonly database: Database,
    private readonly tenants: Tenants,
    private readonly sources: Sources,
  ) {}

  create(input: NewTenant): Promise<{ tenant: Tenant; apiKey: IssuedApiKey }> {
    return this.database.acrossTenants((manager) => this.createWithin(manager, input));
  }

  /** The same within a transaction over all tenants. */
  async createWithin(
    manager: EntityManager,
    input: NewTenant,
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
