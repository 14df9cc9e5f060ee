import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database, newId } from '#database';
import { findPreset } from '#providers';
import { TenantKeys } from '#tenants';
import type { Source } from './source.entity.js';

const TOKEN_BYTES = 20;
const PLACE = 'source_url_tokens.ciphertext';

/** A segment that an ingest URL may end in. */
export interface UrlToken {
  readonly token: string;
  readonly expiresAt: Date | null;
}

/** Whether a source can only be told by its URL, or wants to be. */
export function needsUrlToken(source: Pick<Source, 'provider' | 'config'>): boolean {
  return source.config.url_token === true || findPreset(source.provider)?.urlToken === true;
}

/** Makes and opens the unguessable last segments of ingest URLs. */
@Injectable()
export class UrlTokens {
  constructor(
    private readonly database: Database,
    private readonly tenantKeys: TenantKeys,
  ) {}

  /** Opens the tenant's key before a transaction begins: a second connection inside of one could exhaust the pool. */
  async warmUp(tenantId: string): Promise<void> {
    await this.tenantKeys.open(tenantId);
  }

  /** Gives a source that needs one its first token. */
  async ensureWithin(manager: EntityManager, source: Source): Promise<void> {
    if (!needsUrlToken(source)) return;
    const [row] = await manager.query<{ exists: boolean }[]>(
      `select exists (
         select from source_url_tokens where tenant_id = $1 and source_id = $2 and (expires_at is null or expires_at > now())
       )`,
      [source.tenant_id, source.id],
    );
    if (row?.exists !== true) await this.insert(manager, source);
  }

  /** Makes a new token; the ones before work until the overlap ends. */
  async rotateWithin(manager: EntityManager, source: Source, overlapSeconds: number): Promise<void> {
    await manager.query(
      `update source_url_tokens set expires_at = least(expires_at, now() + make_interval(secs => $3))
       where tenant_id = $1 and source_id = $2 and (expires_at is null or expires_at > now())`,
      [source.tenant_id, source.id, overlapSeconds],
    );
    await this.insert(manager, source);
  }

  /** The tokens of sources that work now, the newest first, by source id. */
  async openActive(tenantId: string, sourceIds: readonly string[]): Promise<Map<string, UrlToken[]>> {
    const rows = await this.database.tenant(tenantId, (manager) =>
      manager.query<{ id: string; source_id: string; ciphertext: Buffer; expires_at: Date | null }[]>(
        `select id, source_id, ciphertext, expires_at from source_url_tokens
         where tenant_id = $1 and source_id = any($2::uuid[]) and (expires_at is null or expires_at > now())
         order by id desc`,
        [tenantId, sourceIds],
      ),
    );
    const tokens = new Map<string, UrlToken[]>();
    if (rows.length === 0) return tokens;
    const dataKey = await this.tenantKeys.open(tenantId);
    for (const row of rows) {
      const token = dataKey.decrypt(PLACE, row.id, row.ciphertext).toString('utf8');
      tokens.set(row.source_id, [...(tokens.get(row.source_id) ?? []), { token, expiresAt: row.expires_at }]);
    }
    return tokens;
  }

  private async insert(manager: EntityManager, source: Source): Promise<void> {
    const id = newId();
    const dataKey = await this.tenantKeys.open(source.tenant_id);
    await manager.query(
      `insert into source_url_tokens (tenant_id, id, source_id, ciphertext, created_at) values ($1, $2, $3, $4, now())`,
      [source.tenant_id, id, source.id, dataKey.encrypt(PLACE, id, randomBytes(TOKEN_BYTES).toString('hex'))],
    );
  }
}
