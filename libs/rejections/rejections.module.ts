import { Module } from '@nestjs/common';
import { EventsModule } from '#events';
import { SecretsModule } from '#secrets';
import { SourcesModule } from '#sources';
import { TenantsModule } from '#tenants';
import { KnownSecrets } from './known-secrets.js';
import { RejectionKeeper } from './rejection-keeper.js';
import { Rejections } from './rejections.service.js';
import { Reverifier } from './reverifier.js';

@Module({
  imports: [TenantsModule, SecretsModule, SourcesModule, EventsModule],
  providers: [KnownSecrets, RejectionKeeper, Rejections, Reverifier],
  exports: [RejectionKeeper, Rejections, Reverifier],
})
export class RejectionsModule {}
