import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKey } from './api-key.entity.js';
import { ApiKeys } from './api-keys.service.js';
import { AuditLog } from './audit-log.service.js';
import { Authenticator } from './authenticator.service.js';
import { Idempotency } from './idempotency.service.js';
import { Tenant } from './tenant.entity.js';
import { TenantKeys } from './tenant-keys.js';
import { Tenants } from './tenants.service.js';

const services = [Tenants, TenantKeys, ApiKeys, Authenticator, AuditLog, Idempotency];

@Module({
  imports: [TypeOrmModule.forFeature([Tenant, ApiKey])],
  providers: services,
  exports: services,
})
export class TenantsModule {}
