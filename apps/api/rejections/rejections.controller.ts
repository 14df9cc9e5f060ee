import { Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import {
  Event,
  Rejection,
  RejectionCountList,
  RejectionCountQuery,
  RejectionList,
  RejectionQuery,
} from '#contract';
import { Events } from '#events';
import { Rejections, Reverifier, type ShownRejection } from '#rejections';
import { type SourceKey, Sources } from '#sources';
import { type Caller, mayActAs } from '#tenants';
import { EventView } from '../events/event-view.js';
import { Operation } from '../operation.js';
import { ApiIdParam, CurrentCaller, IdParam, pageRequest } from '../parameters.js';

@ApiTags('Rejections')
@Controller('v1/rejections')
export class RejectionsController {
  constructor(
    private readonly rejections: Rejections,
    private readonly reverifier: Reverifier,
    private readonly sources: Sources,
    private readonly events: Events,
    private readonly eventView: EventView,
  ) {}

  @Get()
  @Operation({
    id: 'listRejections',
    summary: 'List refused callbacks, with why',
    description:
      'The newest 1,000 of each source, for 7 days; of more than 10 a second the rest is only counted. A key of the role `viewer` gets them without their bodies.',
    access: 'viewer',
    status: 200,
    answer: RejectionList,
  })
  async list(
    @CurrentCaller() caller: Caller,
    @Query({ schema: RejectionQuery }) query: z.output<typeof RejectionQuery>,
  ): Promise<object> {
    const { tenantId } = caller;
    const filter = { sourceIds: await this.sourceIdsOf(tenantId, query.source), reason: query.reason };
    const page = await this.rejections.list(tenantId, filter, pageRequest(query));
    return { ...page, data: await this.show(caller, page.data) };
  }

  @Get('counts')
  @Operation({
    id: 'countRejections',
    summary: 'Count refused callbacks by source and day',
    description: 'Of the last 7 days, UTC; `received` holds those too that were not kept.',
    access: 'viewer',
    status: 200,
    answer: RejectionCountList,
  })
  async counts(
    @CurrentCaller() { tenantId }: Caller,
    @Query({ schema: RejectionCountQuery }) query: z.output<typeof RejectionCountQuery>,
  ): Promise<object> {
    const counts = await this.rejections.counts(tenantId, await this.sourceIdsOf(tenantId, query.source));
    const slugs = await this.slugsOf(tenantId, counts);
    const data = counts.map((count) => ({ ...count, source: slugs.get(count.source_id) ?? '' }));
    return { data, next_cursor: null };
  }

  @Get(':id')
  @ApiIdParam('a rejection')
  @Operation({
    id: 'getRejection',
    summary: 'Get a refused callback, with why',
    description: 'A key of the role `viewer` gets it without its body.',
    access: 'viewer',
    status: 200,
    answer: Rejection,
    errors: ['not_found'],
  })
  async get(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<object> {
    const [shown] = await this.show(caller, [await this.rejections.get(caller.tenantId, id)]);
    return shown ?? {};
  }

  @Post(':id/reverify')
  @ApiIdParam('a rejection')
  @Operation({
    id: 'reverifyRejection',
    summary: 'Verify a refused callback again, after the fix',
    description:
      'Judged by the secrets and settings of now and the time it was received. Where it holds, it becomes an event, is delivered as any other, and the rejection is gone; of a duplicate the first event is the answer. Else `reason` says why it is still refused.',
    access: 'developer',
    status: 200,
    answer: Event,
    answers: 'The new event',
    errors: ['not_found', 'rejection_stands'],
  })
  async reverify(@CurrentCaller() { tenantId }: Caller, @IdParam() id: string): Promise<object> {
    const eventId = await this.reverifier.reverify(tenantId, id);
    const [shown] = await this.eventView.show(tenantId, [await this.events.get(tenantId, eventId)]);
    return shown ?? {};
  }

  private async sourceIdsOf(tenantId: string, key: SourceKey | undefined): Promise<string[] | undefined> {
    return key === undefined ? undefined : this.sources.idsEverOf(tenantId, key);
  }

  private slugsOf(
    tenantId: string,
    rows: readonly { readonly source_id: string }[],
  ): Promise<Map<string, string>> {
    return this.sources.slugs(
      tenantId,
      rows.map(({ source_id }) => source_id),
    );
  }

  private async show({ tenantId, role }: Caller, rows: readonly ShownRejection[]): Promise<object[]> {
    const slugs = await this.slugsOf(tenantId, rows);
    const hidden = mayActAs(role, 'developer') ? {} : { body_excerpt: null, body_excerpt_base64: null };
    return rows.map((row) => ({ ...row, source: slugs.get(row.source_id) ?? '', ...hidden }));
  }
}
