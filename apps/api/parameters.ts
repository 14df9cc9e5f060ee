import { createParamDecorator, type ExecutionContext, Param } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { fromUlid, Slug } from '#contract';
import { type PageRequest, readCursor } from '#database';
import { malformed, type Problem, problem } from '#errors';
import type { Caller } from '#tenants';
import type { ApiRequest } from './access.guard.js';

/** How many things a page of a list holds. */
export const DEFAULT_LIMIT = 50;

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

/** The id or slug in the path; what is neither is not there. */
export const SourceParam = (): ParameterDecorator =>
  Param('id', {
    transform: (value: string): { id: string } | { slug: string } => {
      const id = fromUlid(value);
      if (id !== undefined) return { id };
      if (!Slug.safeParse(value).success) throw problem('not_found');
      return { slug: value };
    },
  });

/** The id of a run in the path, as its provider wrote it; what PostgreSQL cannot keep is not there. */
export const RunIdParam = (): ParameterDecorator =>
  Param('run_id', {
    transform: (value: string): string => {
      if (value.includes('\0')) throw problem('not_found');
      return value;
    },
  });

/** Documents `{id}` of a thing that only has an id. No example: Swagger UI would send it. */
export const ApiIdParam = (of: string): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: `Id of ${of}: 26 characters, like 01KAQ3ZX9B7T4N2M8V5C6D1E0F`,
    schema: { type: 'string', pattern: '^[0-7][0-9A-HJKMNP-TV-Z]{25}$' },
  });

/** Documents `{id}` of a source. */
export const ApiSourceParam = (): MethodDecorator =>
  ApiParam({
    name: 'id',
    description: 'Id or slug of a source',
    schema: { type: 'string', example: 'runflow' },
  });

/** Documents `{run_id}`. */
export const ApiRunIdParam = (): MethodDecorator =>
  ApiParam({
    name: 'run_id',
    description:
      'The `run_id` that an event shows: Runflow’s `run_id` or `batch_id`, or `Upstash-Workflow-RunId`',
    schema: { type: 'string', example: 'run_1' },
  });

/** Reads `limit` and `cursor`. */
export function pageRequest(query: { limit?: number | undefined; cursor?: string | undefined }): PageRequest {
  const before = query.cursor === undefined ? null : readCursor(query.cursor);
  if (before === undefined) throw malformedCursor();
  return { limit: query.limit ?? DEFAULT_LIMIT, before };
}

/** The error for a cursor that no answer has given out. */
export function malformedCursor(): Problem {
  return malformed([{ path: 'cursor', message: 'must be the next_cursor of the page before' }]);
}
