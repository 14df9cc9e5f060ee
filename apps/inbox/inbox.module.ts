import { Module } from '@nestjs/common';
import { EventsModule } from '#events';
import { RejectionsModule } from '#rejections';
import { SecretsModule } from '#secrets';
import { SourcesModule } from '#sources';
import { Door } from './door.js';
import { Inbox } from './inbox.js';
import { CallbackReport } from './report.js';

@Module({
  imports: [SourcesModule, SecretsModule, EventsModule, RejectionsModule],
  providers: [Inbox, Door, CallbackReport],
  exports: [Inbox],
})
export class InboxModule {}
