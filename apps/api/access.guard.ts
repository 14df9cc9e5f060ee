import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SETTINGS, type Settings } from '#config';
import { fromUlid } from '#contract';
import { type Problem, problem } from '#errors';
import { Authenticator, type Caller, Guessing, identify, mayActAs, readApiKeyText } from '#tenants';
import { ACCESS, type Access } from './operation.js';
import { RateLimit } from './rate-limit.js';
import { Refusals } from './refusals.js';

/** A request of the management API, once the guard has let it in. */
export interface ApiRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly ip: string;
  readonly method: string;
  readonly url: string;
  /** Of Fastify: the route with its parameters' names. */
  readonly routeOptions: { readonly url?: string };
  readonly body: unknown;
  caller?: Caller;
}

/** What the guard needs of Fastify's reply. */
interface HeaderReply {
  header(name: string, value: string): unknown;
}

/** Stands before every route of the process and denies what has not said who may call it. */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #guessing = new Guessing();

  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
    private readonly rateLimit: RateLimit,
    private readonly refusals: Refusals,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.get<Access | undefined>(ACCESS, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    if (access === undefined) throw problem('not_found');
    if (access === 'public') return true;
    const token = bearerToken(request.headers['authorization']);
    if (access === 'operator') return this.admitOperator(token, request.ip);

    const caller = await this.callerOf(token, request);
    identify({ type: 'api_key', id: caller.apiKeyId, name: caller.apiKeyName });
    const limited = await this.rateLimit.take(caller.apiKeyId, (name, value) =>
      http.getResponse<HeaderReply>().header(name, value),
    );
    if (limited !== null) throw limited;
    if (!mayActAs(caller.role, access)) {
      await this.refusals.denied(caller, { required: access, method: request.method, path: pathOf(request) });
      throw problem('forbidden', `This asks for the role ${access}; the key has ${caller.role}`);
    }
    request.caller = caller;
    return true;
  }

  private async callerOf(token: string | null, request: ApiRequest): Promise<Caller> {
    if (token === null) throw unauthorized();
    const text = readApiKeyText(token);
    const attempt = {
      plainKey: token,
      remoteIp: request.ip,
      claimedId: text === 'not_ours' ? null : text.id,
    };
    if (!(await this.#guessing.admit(attempt))) throw tooManyGuesses(1);
    const authentication = await this.authenticator.authenticateAcrossTenants(token);
    if (authentication.caller !== null) {
      this.#guessing.succeeded(attempt);
      return authentication.caller;
    }
    const { refused } = authentication;
    if (refused !== null)
      await this.refusals.refused(refused, { method: request.method, path: pathOf(request) });
    // Whoever has a key that was once right need not guess.
    if (refused !== null && refused.reason !== 'wrong_secret') throw unauthorized();
    const waitSeconds = await this.#guessing.failed(attempt);
    throw waitSeconds === null ? unauthorized() : tooManyGuesses(waitSeconds);
  }

  private async admitOperator(token: string | null, remoteIp: string): Promise<boolean> {
    const { operatorKey } = this.settings;
    if (operatorKey === undefined)
      throw problem('not_found', 'The operator API is off: CALLBOX_OPERATOR_KEY is not set');
    if (token === null) throw unauthorized();
    const attempt = { plainKey: token, remoteIp, claimedId: 'operator' };
    if (!(await this.#guessing.admit(attempt))) throw tooManyGuesses(1);
    if (!timingSafeEqual(digest(token), digest(operatorKey))) {
      const waitSeconds = await this.#guessing.failed(attempt);
      throw waitSeconds === null ? unauthorized() : tooManyGuesses(waitSeconds);
    }
    this.#guessing.succeeded(attempt);
    identify({ type: 'operator', id: null, name: null });
    return true;
  }
}

/** Without the query, and with ids alone for parameters: people put all sorts of things there, secrets too. */
function pathOf({ url, routeOptions }: ApiRequest): string {
  const names = routeOptions.url?.split('/') ?? [];
  const segments = (url.split('?', 1)[0] ?? '').split('/');
  return segments
    .map((segment, index) =>
      isParameter(names[index]) && fromUlid(segment) === undefined ? names[index] : segment,
    )
    .join('/');
}

function isParameter(name: string | undefined): boolean {
  return name?.startsWith(':') ?? false;
}

function bearerToken(header: string | undefined): string | null {
  return /^bearer +([\x21-\x7e]{1,512})$/i.exec(header ?? '')?.[1] ?? null;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function unauthorized(): Problem {
  return problem('unauthorized', { headers: { 'www-authenticate': 'Bearer realm="callbox"' } });
}

function tooManyGuesses(waitSeconds: number): Problem {
  return problem('too_many_requests', {
    detail: 'Too many wrong API keys have come from this address, or for this key',
    headers: { 'retry-after': String(waitSeconds) },
  });
}
