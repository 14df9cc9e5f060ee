import { createParamDecorator, type ExecutionContext, Param } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { fromUlid } from '#contract';
import { type PageRequest, readCursor } from '#database';
import { problem } from '#errors';
import type { Caller } from '#tenants';
import type { ApiRequest } from './access.guard.js';

const DEFAULT_LIMIT = 50;

/** Who calls. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<ApiRequest>();
  if (caller === undefined) throw problem('unauthorized');
  return caller;
});

/** The id in the path; what is no id is not there. */
export const IdParam = (): ParameterDecorator =>
  Param('id', {
    transform: (value: string): string => {
      const id = fromUlid(value);
      if (id === undefined) throw problem('not_found');
      return id;
    },
  });

/** The id or slug in the path. */
export const SourceParam = (): ParameterDecorator =>
  Param('id', {
    transform: (value: string): { id: string } | { slug: string } => {
      const id = fromUlid(value);
      return id === undefined ? { slug: value } : { id };
    },
  });

/** Documents `{id}`. */
export const ApiIdParam = (of: string): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: of,
    schema: { type: 'string' },
    example: '01KAQ3ZX9B7T4N2M8V5C6D1E0F',
  });

/** Reads `limit` and `cursor`. */
export function pageRequest(query: { limit?: number | undefined; cursor?: string | undefined }): PageRequest {
  const before = query.cursor === undefined ? null : readCursor(query.cursor);
  if (before === undefined)
    throw problem('malformed_request', { errors: [{ path: 'cursor', message: 'is none of ours' }] });
  return { limit: query.limit ?? DEFAULT_LIMIT, before };
}
