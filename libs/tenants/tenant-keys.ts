import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import { type DataKey, Keyring } from '#keyring';

/** Opens the data keys of tenants; a few are remembered for a short while, since unwrapping them asks the database. */
@Injectable()
export class TenantKeys {
  readonly #open = new LRUCache<string, Promise<DataKey | null>>({ max: 1_000, ttl: 60_000 });

  constructor(
    private readonly keyring: Keyring,
    private readonly dataSource: DataSource,
  ) {}

  /** The data key of a tenant. Throws when the tenant is gone. */
  async open(tenantId: string): Promise<DataKey> {
    let opening = this.#open.get(tenantId);
    if (opening === undefined) {
      opening = this.load(tenantId);
      this.#open.set(tenantId, opening);
    }
    try {
      const key = await opening;
      if (key !== null) return key;
    } catch (error) {
      this.#open.delete(tenantId);
      throw error;
    }
    this.#open.delete(tenantId);
    throw new Error('The data key of this tenant is gone');
  }

  /** Forgets a tenant's key, on erasure. */
  forget(tenantId: string): void {
    this.#open.delete(tenantId);
  }

  private async load(tenantId: string): Promise<DataKey | null> {
    const rows = await this.dataSource.query<{ wrapped_key: Buffer }[]>(
      'select wrapped_key from tenants where id = $1',
      [tenantId],
    );
    return rows[0] === undefined ? null : this.keyring.openDataKey(tenantId, rows[0].wrapped_key);
  }
}
