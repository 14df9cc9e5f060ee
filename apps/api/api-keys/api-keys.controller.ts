import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ApiKey, ApiKeyList, CreateApiKey, IssuedApiKey, PageQuery, RotateApiKey } from '#contract';
import { ApiKeys, type Caller } from '#tenants';
import { Operation } from '../operation.js';
import { ApiIdParam, CurrentCaller, IdParam, pageRequest } from '../parameters.js';

@ApiTags('API keys')
@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeys) {}

  @Post()
  @Operation({
    id: 'createApiKey',
    summary: 'Issue an API key',
    description: '`plain_key` is shown this once.',
    access: 'admin',
    status: 201,
    answer: IssuedApiKey,
  })
  create(
    @CurrentCaller() caller: Caller,
    @Body({ schema: CreateApiKey }) body: z.output<typeof CreateApiKey>,
  ): Promise<object> {
    return this.apiKeys.issue(caller.tenantId, {
      name: body.name,
      role: body.role,
      expiresAt: body.expires_at ?? null,
    });
  }

  @Get()
  @Operation({
    id: 'listApiKeys',
    summary: 'List API keys',
    access: 'admin',
    status: 200,
    answer: ApiKeyList,
  })
  list(
    @CurrentCaller() caller: Caller,
    @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>,
  ): Promise<object> {
    return this.apiKeys.list(caller.tenantId, pageRequest(query));
  }

  @Get(':id')
  @ApiIdParam('an API key')
  @Operation({
    id: 'getApiKey',
    summary: 'Get an API key, without its plain text',
    access: 'admin',
    status: 200,
    answer: ApiKey,
    errors: ['not_found'],
  })
  get(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<object> {
    return this.apiKeys.get(caller.tenantId, id);
  }

  @Post(':id/rotations')
  @ApiIdParam('the API key to be replaced')
  @Operation({
    id: 'rotateApiKey',
    summary: 'Rotate an API key',
    description:
      'Makes its successor, of the same name and role; both work until the overlap ends. `plain_key` is shown this once.',
    access: 'admin',
    status: 201,
    answer: IssuedApiKey,
    errors: ['not_found', 'last_admin_key'],
  })
  rotate(
    @CurrentCaller() caller: Caller,
    @IdParam() id: string,
    @Body({ schema: RotateApiKey }) body: z.output<typeof RotateApiKey>,
  ): Promise<object> {
    return this.apiKeys.rotate(caller.tenantId, id, {
      overlapSeconds: body.overlap_seconds,
      expiresAt: body.expires_at ?? null,
    });
  }

  @Delete(':id')
  @ApiIdParam('an API key')
  @Operation({
    id: 'deleteApiKey',
    summary: 'Delete an API key',
    description: 'It stops working at once. A tenant keeps one admin key.',
    access: 'admin',
    status: 204,
    errors: ['not_found', 'last_admin_key'],
  })
  delete(@CurrentCaller() caller: Caller, @IdParam() id: string): Promise<void> {
    return this.apiKeys.delete(caller.tenantId, id);
  }
}
