import { Module } from '@nestjs/common';
import { EventsModule } from '#events';
import { SecretsModule } from '#secrets';
import { SourcesModule } from '#sources';
import { Inbox } from './inbox.js';

@Module({ imports: [SourcesModule, SecretsModule, EventsModule], providers: [Inbox], exports: [Inbox] })
export class InboxModule {}
