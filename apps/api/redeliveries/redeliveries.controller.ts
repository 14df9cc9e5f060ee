import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import {
  BulkRedelivery,
  CreateBulkRedelivery,
  CreateRedelivery,
  PageQuery,
  Redelivery,
  RedeliveryCount,
  RedeliveryList,
} from '#contract';
import { type BulkOrder, Redeliveries } from '#deliveries';
import { problem } from '#errors';
import { type SourceKey, Sources } from '#sources';
import type { Caller } from '#tenants';
import { Operation } from '../operation.js';
import { ApiIdParam, ApiRunIdParam, CurrentCaller, IdParam, pageRequest, RunIdParam } from '../parameters.js';

/** What is needed of Fastify's reply. */
interface StatusReply {
  status(code: number): unknown;
}

@ApiTags('Redeliveries')
@Controller('v1')
export class RedeliveriesController {
  constructor(
    private readonly redeliveries: Redeliveries,
    private readonly sources: Sources,
  ) {}

  @Post('events/:id/redeliveries')
  @ApiIdParam('an event')
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
  @ApiRunIdParam()
  @Operation({
    id: 'redeliverRunCallbacks',
    summary: 'Deliver all callbacks of a run again',
    description:
      'Oldest first, each one as it was received. The answer has one delivery per callback and destination; a run of more than 500 callbacks is carried out like an order by filter, and the answer has the first ones.',
    access: 'developer',
    status: 202,
    answer: Redelivery,
    errors: ['not_found', 'no_destination', 'destination_not_found'],
  })
  ofRun(
    @CurrentCaller() { tenantId }: Caller,
    @RunIdParam() runId: string,
    @Body({ schema: CreateRedelivery }) body: z.output<typeof CreateRedelivery>,
  ): Promise<object> {
    return this.redeliveries.ofRun(tenantId, runId, body.destination);
  }

  @Post('redeliveries')
  @Operation({
    id: 'redeliverEvents',
    summary: 'Deliver all events again that match a filter',
    description:
      'Oldest first, to every destination that matches now or to the one that is named; each event once per destination. Any number of events: `total` is complete unless the status is `expanding`. Deliveries are made as the destinations take them, so that live events need not wait. With `dry_run` the answer is 200 with `total`, and nothing else happens.',
    access: 'developer',
    status: 202,
    answer: BulkRedelivery,
    answerOf: [
      { status: 202, answer: Redelivery, answers: 'The order is taken' },
      { status: 200, answer: RedeliveryCount, answers: 'Of a dry run: what the order would come to' },
    ],
    errors: ['no_destination', 'destination_not_found', 'source_not_found'],
  })
  async ofFilter(
    @CurrentCaller() { tenantId }: Caller,
    @Body({ schema: CreateBulkRedelivery }) body: z.output<typeof CreateBulkRedelivery>,
    @Res({ passthrough: true }) reply: StatusReply,
  ): Promise<object> {
    const order = await this.orderOf(tenantId, body);
    if (body.dry_run !== true) return this.redeliveries.ofFilter(tenantId, order);
    reply.status(200);
    const { total, isComplete } = await this.redeliveries.count(tenantId, order);
    return { total, ...(isComplete ? {} : { is_partial: true }) };
  }

  @Get('redeliveries')
  @Operation({
    id: 'listRedeliveries',
    summary: 'List redeliveries',
    access: 'viewer',
    status: 200,
    answer: RedeliveryList,
  })
  list(
    @CurrentCaller() { tenantId }: Caller,
    @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>,
  ): Promise<object> {
    return this.redeliveries.list(tenantId, pageRequest(query));
  }

  @Get('redeliveries/:id')
  @ApiIdParam('a redelivery')
  @Operation({
    id: 'getRedelivery',
    summary: 'See how far a redelivery has come',
    access: 'viewer',
    status: 200,
    answer: Redelivery,
    errors: ['not_found'],
  })
  get(@CurrentCaller() { tenantId }: Caller, @IdParam() id: string): Promise<object> {
    return this.redeliveries.get(tenantId, id);
  }

  @Post('redeliveries/:id/cancel')
  @ApiIdParam('a redelivery')
  @Operation({
    id: 'cancelRedelivery',
    summary: 'Cancel what of a redelivery has not been sent',
    description:
      'However long it is, nothing more of it is begun. Requests under way end, and are not tried again. One that is completed stays completed.',
    access: 'developer',
    status: 200,
    answer: Redelivery,
    errors: ['not_found'],
  })
  cancel(@CurrentCaller() { tenantId }: Caller, @IdParam() id: string): Promise<object> {
    return this.redeliveries.cancel(tenantId, id);
  }

  private async orderOf(tenantId: string, body: z.output<typeof CreateBulkRedelivery>): Promise<BulkOrder> {
    const { filter } = body;
    return {
      filter: {
        sourceIds: filter.source === undefined ? undefined : await this.sourceIds(tenantId, filter.source),
        type: filter.type,
        receivedAfter: filter.received_after,
        receivedBefore: filter.received_before,
        deliveryStatus: filter.delivery_status,
      },
      destinationId: body.destination,
      perSecond: body.per_second,
    };
  }

  /** One that is deleted has events all the same; one that never was has none, and is rather a mistake. */
  private async sourceIds(tenantId: string, key: SourceKey): Promise<string[]> {
    const ids = await this.sources.idsEverOf(tenantId, key);
    if (ids.length > 0) return ids;
    throw problem('source_not_found', {
      errors: [{ path: 'filter.source', message: 'names one that is not there' }],
    });
  }
}
