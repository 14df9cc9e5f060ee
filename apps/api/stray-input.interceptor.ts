import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { Reflector } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { type FieldError, malformed } from '#errors';
import { ACCESS } from './operation.js';

interface Input {
  readonly query?: unknown;
  readonly body?: unknown;
}

/**
 * Refuses query and body fields on routes that take none; where a route takes some, its schema refuses the unknown
 * ones. Health and metrics are left alone: who polls them adds what it likes.
 */
@Injectable()
export class StrayInputInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.reflector.get<unknown>(ACCESS, context.getHandler()) !== 'public') {
      const { query, body } = context.switchToHttp().getRequest<Input>();
      const stray = [
        ...(takes(context, RouteParamtypes.QUERY) ? [] : fieldsOf(query)),
        ...(takes(context, RouteParamtypes.BODY) ? [] : fieldsOf(body)),
      ];
      if (stray.length > 0) throw malformed(stray);
    }
    return next.handle();
  }
}

/** Whether a handler has a parameter of this kind; Nest keeps them under `<kind>:<position>`. */
function takes(context: ExecutionContext, kind: RouteParamtypes): boolean {
  const parameters: unknown = Reflect.getMetadata(
    ROUTE_ARGS_METADATA,
    context.getClass(),
    context.getHandler().name,
  );
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(`${kind}:`));
}

function fieldsOf(input: unknown): FieldError[] {
  const names = typeof input === 'object' && input !== null ? Object.keys(input) : [];
  const isValue = input !== undefined && input !== null && typeof input !== 'object';
  return (isValue ? [''] : names).map((path) => ({ path, message: 'is not a field of this request' }));
}
