import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import {
  CreateDestination,
  CreatedDestination,
  Destination as DestinationAnswer,
  DestinationList,
  PageQuery,
  RotateDestinationSecret,
  UpdateDestination,
} from '#contract';
import { DEFAULT_SCHEDULE_SECONDS, Destinations, type DestinationView } from '#deliveries';
import { problem } from '#errors';
import { type SourceKey, Sources } from '#sources';
import type { Caller } from '#tenants';
import { Operation } from '../operation.js';
import { ApiIdParam, CurrentCaller, IdParam, pageRequest } from '../parameters.js';

@ApiTags('Destinations')
@Controller('v1/destinations')
export class DestinationsController {
  constructor(
    private readonly destinations: Destinations,
    private readonly sources: Sources,
  ) {}

  @Post()
  @Operation({
    id: 'createDestination',
    summary: 'Make a destination',
    description:
      'Every accepted event that matches is delivered to it. `native` signing makes the provider’s own signature afresh for its URL, so that an app with the provider’s SDK accepts deliveries unchanged.',
    access: 'developer',
    status: 201,
    answer: CreatedDestination,
    errors: ['destination_not_allowed', 'source_not_found'],
  })
  async create(
    @CurrentCaller() { tenantId }: Caller,
    @Body({ schema: CreateDestination }) body: z.output<typeof CreateDestination>,
  ): Promise<object> {
    const { destination, signingSecret } = await this.destinations.create(tenantId, {
      ...(await this.settingsOf(tenantId, body)),
      name: body.name,
      url: body.url,
    });
    return { ...(await this.showOne(tenantId, destination)), signing_secret: signingSecret };
  }

  @Get()
  @Operation({
    id: 'listDestinations',
    summary: 'List destinations',
    access: 'viewer',
    status: 200,
    answer: DestinationList,
  })
  async list(
    @CurrentCaller() { tenantId }: Caller,
    @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>,
  ): Promise<object> {
    const page = await this.destinations.list(tenantId, pageRequest(query));
    return { ...page, data: await this.show(tenantId, page.data) };
  }

  @Get(':id')
  @ApiIdParam('a destination')
  @Operation({
    id: 'getDestination',
    summary: 'Get a destination',
    access: 'viewer',
    status: 200,
    answer: DestinationAnswer,
    errors: ['not_found'],
  })
  async get(@CurrentCaller() { tenantId }: Caller, @IdParam() id: string): Promise<object> {
    return this.showOne(tenantId, await this.destinations.get(tenantId, id));
  }

  @Patch(':id')
  @ApiIdParam('a destination')
  @Operation({
    id: 'updateDestination',
    summary: 'Change a destination',
    description: 'A paused destination holds its deliveries; nothing is dropped.',
    access: 'developer',
    status: 200,
    answer: DestinationAnswer,
    errors: ['not_found', 'destination_not_allowed', 'source_not_found'],
  })
  async update(
    @CurrentCaller() { tenantId }: Caller,
    @IdParam() id: string,
    @Body({ schema: UpdateDestination }) body: z.output<typeof UpdateDestination>,
  ): Promise<object> {
    const patch = {
      ...(await this.settingsOf(tenantId, body)),
      name: body.name,
      url: body.url,
      status: body.status,
    };
    return this.showOne(tenantId, await this.destinations.patch(tenantId, id, patch));
  }

  @Delete(':id')
  @ApiIdParam('a destination')
  @Operation({
    id: 'deleteDestination',
    summary: 'Delete a destination',
    description: 'What was on its way there is cancelled.',
    access: 'developer',
    status: 204,
    errors: ['not_found'],
  })
  delete(@CurrentCaller() { tenantId }: Caller, @IdParam() id: string): Promise<void> {
    return this.destinations.delete(tenantId, id);
  }

  @Post(':id/secret-rotations')
  @ApiIdParam('a destination')
  @Operation({
    id: 'rotateDestinationSecret',
    summary: 'Rotate the signing secret of a destination',
    description: 'Both secrets sign until the overlap ends.',
    access: 'developer',
    status: 201,
    answer: CreatedDestination,
    errors: ['not_found'],
  })
  async rotateSecret(
    @CurrentCaller() { tenantId }: Caller,
    @IdParam() id: string,
    @Body({ schema: RotateDestinationSecret }) body: z.output<typeof RotateDestinationSecret>,
  ): Promise<object> {
    const signingSecret = await this.destinations.rotateSecret(tenantId, id, body.overlap_seconds);
    const destination = await this.destinations.get(tenantId, id);
    return { ...(await this.showOne(tenantId, destination)), signing_secret: signingSecret };
  }

  private async settingsOf(tenantId: string, body: Omit<z.output<typeof UpdateDestination>, 'name' | 'url'>) {
    return {
      sourceIds: body.sources && (await Promise.all(body.sources.map((key) => this.sourceId(tenantId, key)))),
      types: body.types,
      signing: body.signing,
      headers: body.headers,
      timeoutSeconds: body.timeout_seconds,
      retryScheduleSeconds: body.retry && body.retry.schedule_seconds,
      rateLimitPerSecond: body.rate_limit && body.rate_limit.per_second,
      maxInFlight: body.max_in_flight,
    };
  }

  private async sourceId(tenantId: string, key: SourceKey): Promise<string> {
    const source = await this.sources.find(tenantId, key);
    if (source === null)
      throw problem('source_not_found', {
        errors: [{ path: 'sources', message: 'names one that is not there' }],
      });
    return source.id;
  }

  private async showOne(tenantId: string, destination: DestinationView): Promise<object> {
    return (await this.show(tenantId, [destination]))[0] ?? {};
  }

  private async show(tenantId: string, destinations: readonly DestinationView[]): Promise<object[]> {
    const slugs = await this.sources.slugs(
      tenantId,
      destinations.flatMap(({ source_ids }) => source_ids ?? []),
    );
    return destinations.map((destination) => ({
      ...destination,
      sources: destination.source_ids?.map((id) => slugs.get(id) ?? '') ?? null,
      headers: destination.headers && redacted(destination.headers),
      retry: { schedule_seconds: destination.retry_schedule_seconds ?? DEFAULT_SCHEDULE_SECONDS },
      rate_limit:
        destination.rate_limit_per_second === null ? null : { per_second: destination.rate_limit_per_second },
    }));
  }
}

/** A tenant's own headers may hold credentials, so only their names are shown. */
function redacted(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, '[redacted]']));
}
