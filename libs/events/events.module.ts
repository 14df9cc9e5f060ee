import { Module } from '@nestjs/common';
import { SourcesModule } from '#sources';
import { TenantsModule } from '#tenants';
import { EventLog } from './event-log.js';
import { Events } from './events.service.js';

@Module({
  imports: [SourcesModule, TenantsModule],
  providers: [EventLog, Events],
  exports: [EventLog, Events],
})
export class EventsModule {}
