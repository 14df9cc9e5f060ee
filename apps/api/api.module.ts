import { Module } from '@nestjs/common';
import { DeliveriesModule } from '#deliveries';
import { EventsModule } from '#events';
import { RejectionsModule } from '#rejections';
import { SecretsModule } from '#secrets';
import { SourcesModule } from '#sources';
import { TenantsModule } from '#tenants';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { AuditLogController } from './audit-log/audit-log.controller.js';
import { CallbackSecretsController } from './callback-secrets/callback-secrets.controller.js';
import { DeliveriesController } from './deliveries/deliveries.controller.js';
import { DestinationsController } from './destinations/destinations.controller.js';
import { EventsController } from './events/events.controller.js';
import { EventView } from './events/event-view.js';
import { ProvidersController } from './providers/providers.controller.js';
import { RedeliveriesController } from './redeliveries/redeliveries.controller.js';
import { RejectionsController } from './rejections/rejections.controller.js';
import { OwnInbox } from './sources/own-inbox.js';
import { SourcesController } from './sources/sources.controller.js';
import { TestEventsController } from './sources/test-events.controller.js';
import { EventStreamController } from './stream/event-stream.controller.js';
import { StreamReader } from './stream/stream-reader.js';
import { Streams } from './stream/streams.js';
import { TenantsController } from './tenants/tenants.controller.js';

@Module({
  imports: [TenantsModule, SecretsModule, SourcesModule, EventsModule, RejectionsModule, DeliveriesModule],
  controllers: [
    TenantsController,
    ApiKeysController,
    AuditLogController,
    ProvidersController,
    SourcesController,
    TestEventsController,
    CallbackSecretsController,
    DestinationsController,
    EventStreamController,
    EventsController,
    RejectionsController,
    DeliveriesController,
    RedeliveriesController,
  ],
  providers: [EventView, OwnInbox, StreamReader, Streams],
})
export class ApiModule {}
