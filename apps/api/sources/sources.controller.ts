import { Body, Controller, Delete, Get, Inject, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { SETTINGS, type Settings } from '#config';
import {
  CreateSource,
  PageQuery,
  RotateSourceUrl,
  Source as SourceAnswer,
  SourceList,
  UpdateSource,
} from '#contract';
import { Events } from '#events';
import { type Source, type SourceKey, Sources } from '#sources';
import type { Caller } from '#tenants';
import { Operation } from '../operation.js';
import { ApiSourceParam, CurrentCaller, pageRequest, SourceParam } from '../parameters.js';

@ApiTags('Sources')
@Controller('v1/sources')
export class SourcesController {
  constructor(
    private readonly sources: Sources,
    private readonly events: Events,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Post()
  @Operation({
    id: 'createSource',
    summary: 'Make a source',
    description:
      'Register its `ingest_url` at the provider; any further path below it belongs to the same source.',
    access: 'developer',
    status: 201,
    answer: SourceAnswer,
    errors: ['slug_taken', 'provider_unknown'],
  })
  async create(
    @CurrentCaller() { tenantId }: Caller,
    @Body({ schema: CreateSource }) body: z.output<typeof CreateSource>,
  ): Promise<object> {
    return this.showOne(tenantId, await this.sources.create(tenantId, body));
  }

  @Get()
  @Operation({
    id: 'listSources',
    summary: 'List sources',
    access: 'viewer',
    status: 200,
    answer: SourceList,
  })
  async list(
    @CurrentCaller() { tenantId }: Caller,
    @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>,
  ): Promise<object> {
    const page = await this.sources.list(tenantId, pageRequest(query));
    return { ...page, data: await this.show(tenantId, page.data) };
  }

  @Get(':id')
  @ApiSourceParam()
  @Operation({
    id: 'getSource',
    summary: 'Get a source',
    access: 'viewer',
    status: 200,
    answer: SourceAnswer,
    errors: ['not_found'],
  })
  async get(@CurrentCaller() { tenantId }: Caller, @SourceParam() key: SourceKey): Promise<object> {
    return this.showOne(tenantId, await this.sources.get(tenantId, key));
  }

  @Patch(':id')
  @ApiSourceParam()
  @Operation({
    id: 'updateSource',
    summary: 'Change a source',
    description:
      'A paused source accepts and stores callbacks, and holds their deliveries until it is active again.',
    access: 'developer',
    status: 200,
    answer: SourceAnswer,
    errors: ['not_found'],
  })
  async update(
    @CurrentCaller() { tenantId }: Caller,
    @SourceParam() key: SourceKey,
    @Body({ schema: UpdateSource }) body: z.output<typeof UpdateSource>,
  ): Promise<object> {
    return this.showOne(tenantId, await this.sources.patch(tenantId, key, body));
  }

  @Delete(':id')
  @ApiSourceParam()
  @Operation({
    id: 'deleteSource',
    summary: 'Delete a source',
    description: 'Its URL answers 404 within a second; its events stay.',
    access: 'developer',
    status: 204,
    errors: ['not_found'],
  })
  delete(@CurrentCaller() { tenantId }: Caller, @SourceParam() key: SourceKey): Promise<void> {
    return this.sources.delete(tenantId, key);
  }

  @Post(':id/url-rotations')
  @ApiSourceParam()
  @Operation({
    id: 'rotateSourceUrl',
    summary: 'Make a new ingest URL for a source that its URL protects',
    description: 'The old URL works until the overlap ends.',
    access: 'developer',
    status: 201,
    answer: SourceAnswer,
    errors: ['not_found', 'no_url_token'],
  })
  async rotateUrl(
    @CurrentCaller() { tenantId }: Caller,
    @SourceParam() key: SourceKey,
    @Body({ schema: RotateSourceUrl }) body: z.output<typeof RotateSourceUrl>,
  ): Promise<object> {
    const overlapSeconds = body.overlap_seconds;
    return this.showOne(tenantId, await this.sources.rotateUrl(tenantId, key, overlapSeconds));
  }

  private async showOne(tenantId: string, source: Source): Promise<object> {
    return (await this.show(tenantId, [source]))[0] ?? {};
  }

  private async show(tenantId: string, sources: readonly Source[]): Promise<object[]> {
    const [paths, lastEvents] = await Promise.all([
      this.sources.ingestPaths(tenantId, sources),
      this.events.lastEventTimes(
        tenantId,
        sources.map(({ id }) => id),
      ),
    ]);
    return sources.map((source) => ({
      ...source,
      ingest_url: this.settings.publicUrl + (paths.get(source.id) ?? ''),
      last_event_at: lastEvents.get(source.id) ?? null,
    }));
  }
}
