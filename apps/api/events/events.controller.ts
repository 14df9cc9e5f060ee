import { Controller, Delete, Get, Query, Res } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { EventDetail, EventList, EventQuery, fromUlid } from '#contract';
import { Database } from '#database';
import { Deliveries } from '#deliveries';
import { type EventFilter, Events, readSearchCursor } from '#events';
import { Sources } from '#sources';
import { type Caller, mayActAs } from '#tenants';
import { Operation } from '../operation.js';
import { ApiIdParam, CurrentCaller, IdParam, pageRequest } from '../parameters.js';
import { EventView } from './event-view.js';
import { showBody } from './show-body.js';

/** What is needed of Fastify's reply. */
interface DownloadReply {
  header(name: string, value: string | number): DownloadReply;
  send(body: Buffer): unknown;
}

@ApiTags('Events')
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly database: Database,
    private readonly events: Events,
    private readonly sources: Sources,
    private readonly deliveries: Deliveries,
    private readonly view: EventView,
  ) {}

  @Get()
  @Operation({
    id: 'listEvents',
    summary: 'List events',
    description:
      'A page can be short, or empty, though `next_cursor` says that there is more: what no index leads to is looked for a ' +
      'fraction of a second a page, so that every page comes soon however many events there are. Go on until `next_cursor` ' +
      'is null, or narrow the search with `received_after`, `received_before` or `source`. `q` shows what has it as an id ' +
      'first, then what has it as a header value.',
    access: 'viewer',
    status: 200,
    answer: EventList,
  })
  async list(
    @CurrentCaller() { tenantId }: Caller,
    @Query({ schema: EventQuery }) query: z.output<typeof EventQuery>,
  ): Promise<object> {
    const { cursor, inHeaders } =
      query.q === undefined ? { ...query, inHeaders: false } : readSearchCursor(query.cursor);
    return this.database.reading(tenantId, async () => {
      const page = await this.events.list(
        tenantId,
        await this.filterOf(tenantId, query, inHeaders),
        pageRequest({ limit: query.limit, cursor }),
      );
      return { ...page, data: await this.view.show(tenantId, page.data) };
    });
  }

  @Get(':id')
  @ApiIdParam('an event')
  @Operation({
    id: 'getEvent',
    summary: 'Get an event with its headers and body',
    description: 'A key of the role `viewer` gets it without the body.',
    access: 'viewer',
    status: 200,
    answer: EventDetail,
    errors: ['not_found'],
  })
  async get(@CurrentCaller() { tenantId, role }: Caller, @IdParam() id: string): Promise<object> {
    return this.database.reading(tenantId, async () => {
      const { body, headers, ...event } = await this.events.view(tenantId, id);
      const [shown] = await this.view.show(tenantId, [event]);
      const shownBody = mayActAs(role, 'developer') ? showBody(body) : { body_truncated: body.length > 0 };
      return { ...shown, query: event.query, headers, ...shownBody };
    });
  }

  @Get(':id/body')
  @ApiIdParam('an event')
  @ApiProduces('application/octet-stream')
  @Operation({
    id: 'getEventBody',
    summary: 'Download the exact bytes received',
    access: 'developer',
    status: 200,
    answers: 'The exact bytes',
    errors: ['not_found'],
  })
  async body(
    @CurrentCaller() { tenantId }: Caller,
    @IdParam() id: string,
    @Res() reply: DownloadReply,
  ): Promise<void> {
    const { body, contentType } = await this.events.body(tenantId, id);
    // Never shown by a browser in the page's own right: the sender chose both the bytes and their type.
    reply
      .header('content-type', 'application/octet-stream')
      .header('content-disposition', `attachment; filename="callback-${id}"`)
      .header('x-content-type-options', 'nosniff')
      .header('callbox-content-type', visibleAscii(contentType ?? ''))
      .header('content-length', body.length)
      .send(body);
  }

  @Delete(':id')
  @ApiIdParam('an event')
  @Operation({
    id: 'deleteEvent',
    summary: 'Erase an event for good',
    description: 'Its body, headers and deliveries go with it.',
    access: 'developer',
    status: 204,
    errors: ['not_found'],
  })
  delete(@CurrentCaller() { tenantId }: Caller, @IdParam() id: string): Promise<void> {
    return this.deliveries.eraseEvent(tenantId, id);
  }

  private async filterOf(
    tenantId: string,
    query: z.output<typeof EventQuery>,
    inHeaders: boolean,
  ): Promise<EventFilter> {
    return {
      sourceIds:
        query.source === undefined ? undefined : await this.sources.idsEverOf(tenantId, query.source),
      provider: query.provider,
      type: query.type,
      runId: query.run_id,
      providerEventId: query.provider_event_id,
      receivedAfter: query.received_after,
      receivedBefore: query.received_before,
      q: query.q === undefined ? undefined : { text: query.q, eventId: fromUlid(query.q), inHeaders },
    };
  }
}

function visibleAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
