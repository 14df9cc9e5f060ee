import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { SETTINGS, type Settings } from '#config';
import { problem } from '#errors';
import { ApiKeys, type Caller, mayActAs } from '#tenants';
import { ACCESS, type Access } from './operation.js';

/** A request of the management API, once the guard has let it in. */
export interface ApiRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  caller?: Caller;
}

/** Stands before every route of the process and denies what has not said who may call it. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly apiKeys: ApiKeys,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.get<Access | undefined>(ACCESS, context.getHandler());
    const request = context.switchToHttp().getRequest<ApiRequest>();
    if (access === undefined) throw problem('not_found');
    if (access === 'public') return true;
    const token = bearerToken(request.headers['authorization']);
    if (access === 'operator') return this.admitOperator(token);

    const caller = token === null ? null : await this.apiKeys.authenticateAcrossTenants(token);
    if (caller === null) throw unauthorized();
    if (!mayActAs(caller.role, access))
      throw problem('forbidden', `This asks for the role ${access}; the key has ${caller.role}`);
    request.caller = caller;
    return true;
  }

  private admitOperator(token: string | null): boolean {
    const { operatorKey } = this.settings;
    if (operatorKey === undefined)
      throw problem('not_found', 'The operator API is off: CALLBOX_OPERATOR_KEY is not set');
    if (token === null || !timingSafeEqual(digest(token), digest(operatorKey))) throw unauthorized();
    return true;
  }
}

function bearerToken(header: string | undefined): string | null {
  return /^bearer +([\x21-\x7e]{1,512})$/i.exec(header ?? '')?.[1] ?? null;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function unauthorized() {
  return problem('unauthorized', { headers: { 'www-authenticate': 'Bearer realm="callbox"' } });
}
