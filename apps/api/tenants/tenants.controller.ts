import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { CreatedTenant, CreateTenant, PageQuery, Tenant, TenantList, UpdateTenant } from '#contract';
import { NewTenants } from '#sources';
import { Tenants } from '#tenants';
import { Operation } from '../operation.js';
import { ApiIdParam, IdParam, pageRequest } from '../parameters.js';

@ApiTags('Tenants')
@Controller('v1/tenants')
export class TenantsController {
  constructor(
    private readonly tenants: Tenants,
    private readonly newTenants: NewTenants,
  ) {}

  @Post()
  @Operation({
    id: 'createTenant',
    summary: 'Make a tenant',
    description: 'It comes with a source `default` and an admin key, which is shown this once.',
    access: 'operator',
    status: 201,
    answer: CreatedTenant,
    errors: ['slug_taken'],
  })
  async create(@Body({ schema: CreateTenant }) body: z.output<typeof CreateTenant>): Promise<object> {
    const { tenant, apiKey } = await this.newTenants.create({
      slug: body.slug,
      name: body.name ?? body.slug,
    });
    return { ...tenant, api_key: apiKey };
  }

  @Get()
  @Operation({
    id: 'listTenants',
    summary: 'List tenants',
    access: 'operator',
    status: 200,
    answer: TenantList,
  })
  list(@Query({ schema: PageQuery }) query: z.output<typeof PageQuery>): Promise<object> {
    return this.tenants.listAcrossTenants(pageRequest(query));
  }

  @Get(':id')
  @ApiIdParam('a tenant')
  @Operation({
    id: 'getTenant',
    summary: 'Get a tenant',
    access: 'operator',
    status: 200,
    answer: Tenant,
    errors: ['not_found'],
  })
  get(@IdParam() id: string): Promise<object> {
    return this.tenants.get(id);
  }

  @Patch(':id')
  @ApiIdParam('a tenant')
  @Operation({
    id: 'updateTenant',
    summary: 'Change a tenant',
    description: 'Its rate limit holds within a second, over all its sources together.',
    access: 'operator',
    status: 200,
    answer: Tenant,
    errors: ['not_found'],
  })
  update(
    @IdParam() id: string,
    @Body({ schema: UpdateTenant }) body: z.output<typeof UpdateTenant>,
  ): Promise<object> {
    return this.tenants.patch(id, body);
  }

  @Delete(':id')
  @ApiIdParam('a tenant')
  @Operation({
    id: 'deleteTenant',
    summary: 'Erase a tenant and all that is its own',
    description:
      'Its data key is destroyed first, so that not even a backup of the database can be decrypted.',
    access: 'operator',
    status: 204,
    errors: ['not_found'],
  })
  delete(@IdParam() id: string): Promise<void> {
    return this.tenants.erase(id);
  }
}
