import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ApiKeyList, CreateApiKey, IssuedApiKey, PageQuery } from '#contract';
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
