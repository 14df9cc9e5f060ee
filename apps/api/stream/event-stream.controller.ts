import type { ServerResponse } from 'node:http';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { EventStreamQuery } from '#contract';
import { malformed, problem } from '#errors';
import { Sources } from '#sources';
import { type Caller, mayActAs, stopActing } from '#tenants';
import { Operation } from '../operation.js';
import { CurrentCaller } from '../parameters.js';
import { audienceOf } from './frames.js';
import { streamContent, streamDescription } from './stream-document.js';
import { Streams } from './streams.js';

const MOST_PLACE_CHARACTERS = 64;

/** What is needed of Fastify's request and reply. */
interface StreamRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}
interface StreamReply {
  readonly raw: ServerResponse;
  getHeaders(): Record<string, unknown>;
  headers(values: Readonly<Record<string, string>>): StreamReply;
  hijack(): unknown;
  send(): unknown;
}

const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // So that nginx does not keep what it gets until it has enough of it.
  'x-accel-buffering': 'no',
} as const;

@ApiTags('Events')
@Controller('v1/events/stream')
export class EventStreamController {
  constructor(
    private readonly streams: Streams,
    private readonly sources: Sources,
  ) {}

  @Get()
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The last `id` that the client has had, or the id of an event: the stream goes on after it',
    schema: { type: 'string', maxLength: MOST_PLACE_CHARACTERS },
  })
  @Operation({
    id: 'streamEvents',
    summary: 'Stream events as they are accepted',
    description: streamDescription,
    access: 'viewer',
    status: 200,
    answers: 'The stream, until either side ends it',
    content: streamContent,
    errors: ['not_found'],
  })
  async stream(
    @CurrentCaller() caller: Caller,
    @Query({ schema: EventStreamQuery }) query: z.output<typeof EventStreamQuery>,
    @Req() request: StreamRequest,
    @Res() reply: StreamReply,
  ): Promise<void> {
    if (query.source !== undefined) await this.refuseUnknown(caller, query.source);
    const audience = audienceOf(query.source ?? null, mayActAs(caller.role, 'developer'));
    const stream = await this.streams.admit(
      caller,
      audience,
      lastEventId(request.headers['last-event-id'], query.last_event_id),
    );
    if (request.method === 'HEAD') {
      // The same is answered, but there is nothing to hold open.
      stream.decline();
      return void reply.headers(STREAM_HEADERS).send();
    }
    const { 'content-length': _, ...headers } = reply.getHeaders() as Record<string, string>;
    reply.hijack();
    stopActing();
    stream.open(reply.raw, { ...headers, ...STREAM_HEADERS });
  }

  /** Sources that were deleted are known: their events can be streamed from an earlier place on. */
  private async refuseUnknown(
    { tenantId }: Caller,
    source: { readonly id: string } | { readonly slug: string },
  ): Promise<void> {
    const ids = await this.sources.idsEverOf(tenantId, source);
    if (ids.length === 0) throw problem('not_found', 'There is no such source');
  }
}

function lastEventId(header: string | undefined, parameter: string | undefined): string | null {
  const text = header || parameter || null;
  if (text !== null && text.length > MOST_PLACE_CHARACTERS)
    throw malformed([
      { path: 'Last-Event-ID', message: `must have at most ${MOST_PLACE_CHARACTERS} characters` },
    ]);
  return text;
}
