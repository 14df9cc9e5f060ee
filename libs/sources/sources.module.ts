import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SecretsModule } from '#secrets';
import { TenantsModule } from '#tenants';
import { LiveSources } from './live-sources.js';
import { NewTenants } from './new-tenants.js';
import { Source } from './source.entity.js';
import { SourceLoader } from './source-loader.js';
import { Sources } from './sources.service.js';
import { UrlTokens } from './url-tokens.js';

@Module({
  imports: [TypeOrmModule.forFeature([Source]), TenantsModule, SecretsModule],
  providers: [UrlTokens, Sources, SourceLoader, LiveSources, NewTenants],
  exports: [Sources, LiveSources, NewTenants],
})
export class SourcesModule {}
