import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { CreateRedelivery, Redelivery } from '#contract';
import { Redeliveries } from '#deliveries';
import type { Caller } from '#tenants';
import { Operation } from '../operation.js';
import { ApiIdParam, CurrentCaller, IdParam } from '../parameters.js';

@ApiTags('Redeliveries')
@Controller('v1')
export class RedeliveriesController {
  constructor(private readonly redeliveries: Redeliveries) {}

  @Post('events/:id/redeliveries')
  @ApiIdParam('Id of an event')
  @Operation({
    id: 'redeliverEvent',
    summary: 'Deliver an event again',
    description:
      'To every destination that matches now, or to the one that is named. It is signed afresh for each attempt.',
    access: 'developer',
    status: 202,
    answer: Redelivery,
    errors: ['not_found', 'no_destination', 'destination_not_found'],
  })
  ofEvent(
    @CurrentCaller() { tenantId }: Caller,
    @IdParam() id: string,
    @Body({ schema: CreateRedelivery }) body: z.output<typeof CreateRedelivery>,
  ): Promise<object> {
    return this.redeliveries.ofEvent(tenantId, id, body.destination);
  }

  @Post('runs/:run_id/callback-redeliveries')
  @Operation({
    id: 'redeliverRunCallbacks',
    summary: 'Deliver all callbacks of a run again',
    access: 'developer',
    status: 202,
    answer: Redelivery,
    errors: ['not_found', 'no_destination', 'destination_not_found'],
  })
  ofRun(
    @CurrentCaller() { tenantId }: Caller,
    @Param('run_id') runId: string,
    @Body({ schema: CreateRedelivery }) body: z.output<typeof CreateRedelivery>,
  ): Promise<object> {
    return this.redeliveries.ofRun(tenantId, runId, body.destination);
  }
}
