import { Body, Controller, Delete, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  CallbackSecret as CallbackSecretAnswer,
  CallbackSecretList,
  CreateCallbackSecret,
  IssuedCallbackSecret,
  PageQuery,
  RotateCallbackSecret,
  SourceReference,
  UpdateCallbackSecret,
} from '#contract';
import { problem } from '#errors';
import { type CallbackSecret, CallbackSecrets, isActive } from '#secrets';
import { secretHolderOf, Sources } from '#sources';
import type { Caller } from '#tenants';
import { Operation } from '../operation.js';
import { ApiIdParam, CurrentCaller, IdParam, pageRequest } from '../parameters.js';

const ListQuery = PageQuery.extend({ source: SourceReference.optional() });
const DeleteQuery = z.strictObject({
  force: z.enum(['true', 'false']).optional().meta({ description: 'true: delete it although it is in use' }),
});

@ApiTags('Callback secrets')
@Controller('v1/callback-secrets')
export class CallbackSecretsController {
  constructor(
    private readonly secrets: CallbackSecrets,
    private readonly sources: Sources,
  ) {}

  @Post()
  @Operation({
    id: 'createCallbackSecret',
    summary: 'Make or import a callback secret',
    description:
      'Without `plain_secret` one is made; with it the one that the provider made is imported. It is shown in this answer and never again. Several secrets of a source may be active: all of them verify. A source that requires a bearer token has secrets of both uses, and a callback needs one of each.',
    access: 'developer',
    status: 201,
    answer: IssuedCallbackSecret,
    errors: ['source_not_found', 'secret_invalid'],
  })
  async create(
    @CurrentCaller() { tenantId }: Caller,
    @Body({ schema: CreateCallbackSecret }) body: z.output<typeof CreateCallbackSecret>,
  ): Promise<object> {
    const source = await this.sources.find(tenantId, body.source ?? { slug: 'default' });
    if (source === null)
      throw problem('source_not_found', { errors: [{ path: 'source', message: 'is not there' }] });
    const secret = await this.secrets.issue(tenantId, secretHolderOf(source), {
      label: body.label,
      use: body.use,
      plainSecret: body.plain_secret,
      expiresAt: body.expires_at,
    });
    return { ...show(secret, source.slug), plain_secret: secret.plain_secret };
  }

  @Get()
  @Operation({
    id: 'listCallbackSecrets',
    summary: 'List callback secrets',
    access: 'viewer',
    status: 200,
    answer: CallbackSecretList,
  })
  async list(
    @CurrentCaller() { tenantId }: Caller,
    @Query({ schema: ListQuery }) query: z.output<typeof ListQuery>,
  ): Promise<object> {
    const source = query.source === undefined ? undefined : await this.sources.find(tenantId, query.source);
    if (source === null) return { data: [], next_cursor: null };
    const page = await this.secrets.list(tenantId, pageRequest(query), source?.id);
    const slugs = await this.sources.slugs(
      tenantId,
      page.data.map(({ source_id }) => source_id),
    );
    return { ...page, data: page.data.map((secret) => show(secret, slugs.get(secret.source_id) ?? '')) };
  }

  @Get(':id')
  @ApiIdParam('a callback secret')
  @Operation({
    id: 'getCallbackSecret',
    summary: 'Get a callback secret, without its plain text',
    access: 'viewer',
    status: 200,
    answer: CallbackSecretAnswer,
    errors: ['not_found'],
  })
  async get(@CurrentCaller() { tenantId }: Caller, @IdParam() id: string): Promise<object> {
    const secret = await this.secrets.get(tenantId, id);
    return show(secret, await this.slugOf(tenantId, secret));
  }

  @Patch(':id')
  @ApiIdParam('a callback secret')
  @Operation({
    id: 'updateCallbackSecret',
    summary: 'Change a callback secret',
    description: '`is_current: true` makes it the one that redeliveries are signed with.',
    access: 'developer',
    status: 200,
    answer: CallbackSecretAnswer,
    errors: ['not_found', 'conflict'],
  })
  async update(
    @CurrentCaller() { tenantId }: Caller,
    @IdParam() id: string,
    @Body({ schema: UpdateCallbackSecret }) body: z.output<typeof UpdateCallbackSecret>,
  ): Promise<object> {
    const secret = await this.secrets.patch(tenantId, id, {
      label: body.label,
      expiresAt: body.expires_at,
      isCurrent: body.is_current,
    });
    return show(secret, await this.slugOf(tenantId, secret));
  }

  @Post(':id/rotations')
  @ApiIdParam('the callback secret to be replaced')
  @Operation({
    id: 'rotateCallbackSecret',
    summary: 'Rotate a callback secret',
    description: 'Makes (or imports) its successor, for the same use; both verify until the overlap ends.',
    access: 'developer',
    status: 201,
    answer: IssuedCallbackSecret,
    errors: ['not_found', 'secret_invalid'],
  })
  async rotate(
    @CurrentCaller() { tenantId }: Caller,
    @IdParam() id: string,
    @Body({ schema: RotateCallbackSecret }) body: z.output<typeof RotateCallbackSecret>,
  ): Promise<object> {
    const old = await this.secrets.get(tenantId, id);
    const source = await this.sources.get(tenantId, { id: old.source_id });
    const secret = await this.secrets.rotate(tenantId, old, secretHolderOf(source), {
      overlapSeconds: body.overlap_seconds,
      plainSecret: body.plain_secret,
      label: body.label,
    });
    return { ...show(secret, source.slug), plain_secret: secret.plain_secret };
  }

  @Delete(':id')
  @ApiIdParam('a callback secret')
  @Operation({
    id: 'deleteCallbackSecret',
    summary: 'Delete a callback secret',
    description:
      'It stops verifying within a second. Refused while the provider still signs with it (it verified the newest callback of its source), unless `force=true`.',
    access: 'developer',
    status: 204,
    errors: ['not_found', 'secret_in_use'],
  })
  delete(
    @CurrentCaller() { tenantId }: Caller,
    @IdParam() id: string,
    @Query({ schema: DeleteQuery }) query: z.output<typeof DeleteQuery>,
  ): Promise<void> {
    return this.secrets.delete(tenantId, id, query.force === 'true');
  }

  private async slugOf(tenantId: string, { source_id }: CallbackSecret): Promise<string> {
    return (await this.sources.slugs(tenantId, [source_id])).get(source_id) ?? '';
  }
}

function show(secret: CallbackSecret, source: string): object {
  const status = isActive(secret, Date.now()) ? 'active' : 'expired';
  return { ...secret, source, status, verified_count: Number(secret.verified_count) };
}
