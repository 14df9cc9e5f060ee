import { createHmac, randomBytes } from 'node:crypto';
import { KEY_BYTES } from './bound-key.js';
import { DataKey } from './data-key.js';
import { additionalData, CannotDecrypt, PREFIX_BYTES } from './envelope.js';
import { describePrefix, FORMATS } from './key-provider.js';
import type { KeyProviders } from './key-providers.js';
import { KeyServiceUnavailable } from './key-service-unavailable.js';
import { contextOfDataKey, contextOfSystemKey, type KeyStore } from './wrapped-keys.js';

const PEPPER = 'pepper';

/** The keys of this process: opens those of tenants, and holds the pepper of the installation. */
export class Keyring {
  readonly #pepper: Buffer;

  private constructor(
    private readonly providers: KeyProviders,
    pepper: Buffer,
  ) {
    this.#pepper = pepper;
  }

  /**
   * Opens the keyring on a database: makes its pepper on first use, and fails when none of the known keys fits or the
   * one that wraps cannot be used, so that a process with a wrong key or without its key service never starts.
   */
  static async open(store: KeyStore, providers: KeyProviders): Promise<Keyring> {
    try {
      const stored = (await findPepper(store)) ?? (await makePepper(store, providers));
      const pepper = await unwrapPepper(stored, providers);
      if (!providers.isCurrent(stored)) await providers.wrap(randomBytes(KEY_BYTES), ['probe']);
      return new Keyring(providers, pepper);
    } catch (error) {
      providers.close();
      if (error instanceof KeyServiceUnavailable) throw new Error(error.explanation);
      throw error;
    }
  }

  /** Makes a tenant's data key, wrapped for storage. Not to be called within a transaction: it may take seconds. */
  async makeDataKey(tenantId: string): Promise<Buffer> {
    const key = randomBytes(KEY_BYTES);
    try {
      return await this.providers.wrap(key, contextOfDataKey(tenantId));
    } finally {
      key.fill(0);
    }
  }

  /** Unwraps a tenant's data key. Throws {@link CannotDecrypt} and {@link KeyServiceUnavailable}. */
  async openDataKey(tenantId: string, wrapped: Buffer): Promise<DataKey> {
    return new DataKey(await this.providers.unwrap(wrapped, contextOfDataKey(tenantId)), tenantId);
  }

  /**
   * Keyed SHA-256 of a token and of the place it belongs to, for storage and look-up. Each purpose has a key of its own,
   * so that what is kept for one is worth nothing for another.
   */
  hashToken(purpose: string, token: string, place: readonly string[] = []): Buffer {
    const message = additionalData(Buffer.alloc(0), [...place, token]);
    return createHmac('sha256', this.deriveKey(purpose)).update(message).digest();
  }

  /** A key of the installation's own for one purpose. It does not change when master keys do. */
  deriveKey(purpose: string): Buffer {
    return createHmac('sha256', this.#pepper).update(`callbox/${purpose}/v1`, 'utf8').digest();
  }

  onApplicationShutdown(): void {
    this.providers.close();
  }
}

async function findPepper(store: KeyStore): Promise<Buffer | undefined> {
  const rows = await store.queryAcrossTenants<{ wrapped_key: Buffer }>(
    'select wrapped_key from system_keys where name = $1',
    [PEPPER],
  );
  return rows[0]?.wrapped_key;
}

/** Of processes that start together on an empty database one makes the pepper that all of them find. */
async function makePepper(store: KeyStore, providers: KeyProviders): Promise<Buffer> {
  const fresh = await providers.wrap(randomBytes(KEY_BYTES), contextOfSystemKey(PEPPER));
  await store.queryAcrossTenants(
    'insert into system_keys (name, wrapped_key) values ($1, $2) on conflict do nothing',
    [PEPPER, fresh],
  );
  return (await findPepper(store)) ?? fresh;
}

/** The pepper is what tells at the start whether the keys of this process are those of this database. */
async function unwrapPepper(stored: Buffer, providers: KeyProviders): Promise<Buffer> {
  try {
    return await providers.unwrap(stored, contextOfSystemKey(PEPPER));
  } catch (error) {
    if (!(error instanceof CannotDecrypt)) throw error;
    const isUnderMasterKey = stored[0] === FORMATS.masterKey;
    throw new Error(
      isUnderMasterKey
        ? 'CALLBOX_MASTER_KEY does not fit this database: its secrets were encrypted under another master key'
        : `The keys of this database are under ${describePrefix(stored.subarray(0, PREFIX_BYTES))}; see docs/key-management.md`,
    );
  }
}
