import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventsModule } from '#events';
import { SourcesModule } from '#sources';
import { TenantsModule } from '#tenants';
import { Deliveries } from './deliveries.service.js';
import { Destination } from './destination.entity.js';
import { Destinations } from './destinations.service.js';
import { DeliveryPreparer } from './prepare.js';
import { Redeliveries } from './redeliveries.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Destination]), TenantsModule, SourcesModule, EventsModule],
  providers: [Deliveries, DeliveryPreparer, Destinations, Redeliveries],
  exports: [Deliveries, DeliveryPreparer, Destinations, Redeliveries],
})
export class DeliveriesModule {}
