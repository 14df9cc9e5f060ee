import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  NotFoundException,
} from '@nestjs/common';
import { Problem, problem, problemDocument } from './problem.js';
import type { ErrorCode } from './registry.js';

interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): unknown;
}

interface IncomingRequest {
  readonly id: string;
  readonly url: string;
}

/** The methods that the routes at a path take; none where there is no route. */
export type AllowedMethods = (path: string) => readonly string[];

interface Log {
  error(facts: Record<string, unknown>, message: string): void;
}

const codesByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'malformed_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
  503: 'unavailable',
};

/** Writes every error as `application/problem+json`; what nobody expected is logged once and hidden. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Log,
    private readonly allowedMethods: AllowedMethods = () => [],
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<IncomingRequest>();
    this.write(this.explain(error, request), request.id, http.getResponse<Reply>());
  }

  /** What the framework calls "not found" may be a known path with another method. */
  private explain(error: unknown, request: IncomingRequest): unknown {
    if (!(error instanceof NotFoundException)) return error;
    const methods = this.allowedMethods(request.url.split('?', 1)[0] ?? '');
    if (methods.length === 0) return problem('not_found', 'There is no such route');
    return problem('method_not_allowed', { headers: { allow: methods.join(', ') } });
  }

  /** Answers `error` on `reply`; also used for what fails before Nest is reached. */
  write(error: unknown, requestId: string, reply: Reply): void {
    const known = toProblem(error);
    if (known.code === 'internal') this.log.error({ error, request_id: requestId }, 'request.failed');
    for (const [name, value] of Object.entries(known.options.headers ?? {})) reply.header(name, value);
    reply
      .status(known.status)
      .header('content-type', 'application/problem+json')
      // As bytes: to a text Fastify would add a charset, a parameter that this media type does not have.
      .send(Buffer.from(JSON.stringify(problemDocument(known, `urn:callbox:request:${requestId}`))));
  }
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const status = statusOf(error);
  const code = codesByStatus[status] ?? (status >= 400 && status < 500 ? 'malformed_request' : 'internal');
  if (code === 'internal') return isDatabaseAway(error) ? problem('unavailable') : problem('internal');
  return problem(code, error instanceof Error && code === 'malformed_request' ? error.message : {});
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
}

/** Connection-level failures of PostgreSQL: class 08, shutdown states of class 57, and socket errors. */
function isDatabaseAway(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string')
    return error instanceof Error && /timeout exceeded when trying to connect/.test(error.message);
  return /^(08\w{3}|57P0[123]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND)$/.test(code);
}
