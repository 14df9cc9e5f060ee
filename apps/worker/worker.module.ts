import { Module } from '@nestjs/common';
import { DeliveriesModule } from '#deliveries';
import { EventsModule } from '#events';
import { Worker } from './worker.js';

@Module({ imports: [DeliveriesModule, EventsModule], providers: [Worker] })
export class WorkerModule {}
