import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { TenantsModule } from '#tenants';
import { ActiveSecrets } from './active-secrets.js';
import { CallbackSecret } from './callback-secret.entity.js';
import { CallbackSecrets } from './callback-secrets.service.js';
import { SecretUsage } from './secret-usage.js';
import { SecretVault } from './secret-vault.js';

@Module({
  imports: [TypeOrmModule.forFeature([CallbackSecret]), TenantsModule],
  providers: [ActiveSecrets, CallbackSecrets, SecretUsage, SecretVault],
  exports: [ActiveSecrets, CallbackSecrets, SecretUsage],
})
export class SecretsModule {}
