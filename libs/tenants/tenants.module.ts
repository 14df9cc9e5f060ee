import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKey } from './api-key.entity.js';
import { ApiKeys } from './api-keys.service.js';
import { Tenant } from './tenant.entity.js';
import { TenantKeys } from './tenant-keys.js';
import { Tenants } from './tenants.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Tenant, ApiKey])],
  providers: [Tenants, TenantKeys, ApiKeys],
  exports: [Tenants, TenantKeys, ApiKeys],
})
export class TenantsModule {}
