import { Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Delivery, DeliveryList, DeliveryQuery } from '#contract';
import { Deliveries } from '#deliveries';
import { type Caller, mayActAs } from '#tenants';
import { Operation } from '../operation.js';
import { ApiIdParam, CurrentCaller, IdParam, pageRequest } from '../parameters.js';

@ApiTags('Deliveries')
@Controller('v1/deliveries')
export class DeliveriesController {
  constructor(private readonly deliveries: Deliveries) {}

  @Get()
  @Operation({
    id: 'listDeliveries',
    summary: 'List deliveries',
    description:
      'A page can be short, or empty, though `next_cursor` says that there is more: what is rare among very many is looked ' +
      'for a fraction of a second a page. Go on until `next_cursor` is null.',
    access: 'viewer',
    status: 200,
    answer: DeliveryList,
  })
  list(
    @CurrentCaller() { tenantId }: Caller,
    @Query({ schema: DeliveryQuery }) query: z.output<typeof DeliveryQuery>,
  ): Promise<object> {
    const filter = { eventId: query.event_id, destinationId: query.destination, status: query.status };
    return this.deliveries.list(tenantId, filter, pageRequest(query));
  }

  @Get(':id')
  @ApiIdParam('a delivery')
  @Operation({
    id: 'getDelivery',
    summary: 'Get a delivery with its attempts',
    description: 'A key of the role `viewer` gets it without the bodies of the answers.',
    access: 'viewer',
    status: 200,
    answer: Delivery,
    errors: ['not_found'],
  })
  get(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<object> {
    return this.show(caller, id);
  }

  @Post(':id/retry')
  @ApiIdParam('a delivery')
  @Operation({
    id: 'retryDelivery',
    summary: 'Try a delivery again at once',
    description:
      'Whatever it has come to. Where its destination or source is paused it is `held`, and sent when both are active. 409 while it is being sent, and when its destination is deleted.',
    access: 'developer',
    status: 202,
    answer: Delivery,
    errors: ['not_found', 'delivery_not_retryable'],
  })
  async retry(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<object> {
    await this.deliveries.retry(caller.tenantId, id);
    return this.show(caller, id);
  }

  private async show({ tenantId, role }: Caller, id: string): Promise<object> {
    const maySeeBodies = mayActAs(role, 'developer');
    const delivery = await this.deliveries.get(tenantId, id);
    const attempts = delivery.attempts.map((attempt) => ({
      ...attempt,
      response_body: maySeeBodies ? (attempt.response_body?.toString('utf8') ?? null) : null,
    }));
    return { ...delivery, attempts };
  }
}
