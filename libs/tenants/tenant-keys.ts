import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Changes, Database } from '#database';
import { type DataKey, Keyring } from '#keyring';

const MOST_KEYS = 10_000;
/** For so long a key service may be away before callbacks are turned back; and no longer, since it may have been told to. */
const MAX_AGE_MS = 5 * 60_000;

/** Opens the data keys of tenants. They are remembered for a while, since the service that unwraps them may be away. */
@Injectable()
export class TenantKeys {
  readonly #open = new LRUCache<string, Promise<DataKey | null>>({ max: MOST_KEYS, ttl: MAX_AGE_MS });

  constructor(
    private readonly keyring: Keyring,
    private readonly database: Database,
    changes: Changes,
  ) {
    // An erased tenant's key must be gone from every process; which tenant it was is not worth telling.
    changes.subscribe((change) => {
      if (change === 'unknown' || change.kind === 'tenant') this.#open.clear();
    });
  }

  /** The data key of a tenant. Throws when the tenant is gone, or its key cannot be unwrapped now. */
  async open(tenantId: string): Promise<DataKey> {
    const key = await (this.#open.get(tenantId) ?? this.start(tenantId));
    if (key === null) throw new Error('The data key of this tenant is gone');
    return key;
  }

  /** Forgets a tenant's key, on erasure. */
  forget(tenantId: string): void {
    this.#open.delete(tenantId);
  }

  /** Whoever asks meanwhile waits for the same answer. Only a key is remembered: a failure may be over at once. */
  private start(tenantId: string): Promise<DataKey | null> {
    const opening = this.load(tenantId);
    this.#open.set(tenantId, opening);
    const forget = () => {
      if (this.#open.peek(tenantId) === opening) this.#open.delete(tenantId);
    };
    opening.then((key) => {
      if (key === null) forget();
    }, forget);
    return opening;
  }

  private async load(tenantId: string): Promise<DataKey | null> {
    const [row] = await this.database.queryAcrossTenants<{ wrapped_key: Buffer }>(
      'select wrapped_key from tenants where id = $1 and length(wrapped_key) > 0',
      [tenantId],
    );
    return row === undefined ? null : this.keyring.openDataKey(tenantId, row.wrapped_key);
  }
}
