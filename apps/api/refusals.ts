import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Database } from '#database';
import { acting, AuditLog, type Caller, identify, type RefusedKey } from '#tenants';
import type { Access } from './operation.js';

const ONCE_EVERY_MS = 60_000;
const MOST_REMEMBERED = 10_000;

interface Attempted {
  readonly method: string;
  readonly path: string;
}

interface Refusal extends Attempted {
  readonly action: 'api_key.denied' | 'api_key.refused';
  readonly reason: string;
}

/**
 * Writes down who was not let in. The same refusal of the same key from the same address is written once a
 * minute, so that nobody can fill a tenant's audit log by knocking; of a key that is good, once for each thing it asked.
 */
@Injectable()
export class Refusals {
  readonly #lately = new LRUCache<string, true>({ max: MOST_REMEMBERED, ttl: ONCE_EVERY_MS });

  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** A key whose role is too low for what it asked. */
  denied(
    caller: Caller,
    { required, ...attempted }: Attempted & { readonly required: Access },
  ): Promise<void> {
    const reason = `asks for ${required}, the key has ${caller.role}`;
    return this.write(caller, { action: 'api_key.denied', reason, ...attempted }, [
      attempted.method,
      attempted.path,
    ]);
  }

  /** A key that is wrong, expired or deleted; the tenant is that of the key it claims to be. */
  async refused(key: RefusedKey, attempted: Attempted): Promise<void> {
    identify({ type: 'api_key', id: key.apiKeyId, name: key.apiKeyName });
    await this.write(key, { action: 'api_key.refused', reason: key.reason, ...attempted });
  }

  private async write(
    { tenantId, apiKeyId, apiKeyName }: Pick<Caller, 'tenantId' | 'apiKeyId' | 'apiKeyName'>,
    { action, ...details }: Refusal,
    distinctBy: readonly string[] = [],
  ): Promise<void> {
    const kind = [action, apiKeyId, details.reason, acting().remoteIp, ...distinctBy].join(' ');
    if (this.#lately.has(kind)) return;
    this.#lately.set(kind, true);
    const writing = this.database.tenant(tenantId, (manager) =>
      this.audit.record(manager, tenantId, {
        action,
        target: { type: 'api_key', id: apiKeyId, name: apiKeyName },
        details: { ...details },
      }),
    );
    await writing.catch((error: unknown) => {
      this.#lately.delete(kind);
      throw error;
    });
  }
}
