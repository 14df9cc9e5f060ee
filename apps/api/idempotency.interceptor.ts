import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { onceOnlyFields } from '#contract';
import { malformed } from '#errors';
import { Idempotency } from '#tenants';
import type { ApiRequest } from './access.guard.js';

const HEADER = 'idempotency-key';
/** Visible ASCII and inner spaces, as the draft of the header allows; quotes belong to the key. */
const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** What is needed of Fastify's reply. */
interface StatusReply {
  readonly statusCode: number;
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

/**
 * `Idempotency-Key` on POST: the same key and request gives the first answer again, without what may be shown only
 * once. Stands around the interceptor that writes the answer, so that it keeps what was sent.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly idempotency: Idempotency) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const key = request.headers[HEADER];
    if (request.method !== 'POST' || key === undefined) return next.handle();
    if (!KEY.test(key))
      throw malformed([{ path: 'Idempotency-Key', message: 'must be 1 to 255 characters of visible ASCII' }]);
    return from(this.answer(key, request, { next, reply: http.getResponse<StatusReply>() }));
  }

  private async answer(
    key: string,
    request: ApiRequest,
    { next, reply }: { readonly next: CallHandler; readonly reply: StatusReply },
  ): Promise<unknown> {
    const { answer, isReplay } = await this.idempotency.once(
      { tenantId: request.caller?.tenantId ?? null, key, content: contentOf(request) },
      async () => {
        const body: unknown = await lastValueFrom(next.handle());
        return { status: reply.statusCode, body };
      },
      withoutOnceOnly,
    );
    if (isReplay) {
      reply.status(answer.status);
      reply.header('idempotent-replayed', 'true');
    }
    return answer.body;
  }
}

function contentOf({ method, url, body }: ApiRequest): string {
  try {
    return JSON.stringify([method, url, body ?? null]);
  } catch {
    // What JSON.parse can still read can be too deep for JSON.stringify.
    throw malformed([{ path: '', message: 'is nested too deeply' }]);
  }
}

/** The answer as it may be given a second time. */
function withoutOnceOnly(body: unknown): unknown {
  return JSON.parse(
    JSON.stringify(body ?? null, (name: string, value: unknown) =>
      onceOnlyFields.includes(name) ? undefined : value,
    ),
  );
}
