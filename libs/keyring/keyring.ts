import { createHmac, randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { DataKey } from './data-key.js';
import { CannotDecrypt, seal, unseal } from './envelope.js';
import { keyIdFor } from './key-id.js';

const KEY_BYTES = 32;
const PEPPER = 'pepper';

/** The master keys of this process. The first one wraps; every one unwraps. */
export class Keyring {
  readonly #masterKeys: readonly { id: Buffer; key: Buffer }[];
  #pepper: Buffer = Buffer.alloc(0);

  private constructor(masterKeys: readonly Buffer[]) {
    this.#masterKeys = masterKeys.map((key) => ({ id: keyIdFor(key), key }));
  }

  /**
   * Opens the keyring on a database: makes its pepper on first use, and fails when none of the master keys fits,
   * so that a process with a wrong key never starts.
   */
  static async open(dataSource: DataSource, masterKeys: readonly Buffer[]): Promise<Keyring> {
    const keyring = new Keyring(masterKeys);
    const fresh = keyring.wrap([PEPPER], randomBytes(KEY_BYTES));
    await dataSource.query(
      'insert into system_keys (name, wrapped_key) values ($1, $2) on conflict do nothing',
      [PEPPER, fresh],
    );
    const rows = await dataSource.query<{ wrapped_key: Buffer }[]>(
      'select wrapped_key from system_keys where name = $1',
      [PEPPER],
    );
    try {
      keyring.#pepper = keyring.unwrap([PEPPER], rows[0]?.wrapped_key ?? Buffer.alloc(0));
    } catch (error) {
      if (!(error instanceof CannotDecrypt)) throw error;
      throw new Error(
        'CALLBOX_MASTER_KEY does not fit this database: its secrets were encrypted under another master key',
      );
    }
    return keyring;
  }

  /** Makes a tenant's data key, wrapped for storage. */
  makeDataKey(tenantId: string): Buffer {
    return this.wrap(['data-key', tenantId], randomBytes(KEY_BYTES));
  }

  /** Unwraps a tenant's data key. Throws {@link CannotDecrypt}. */
  openDataKey(tenantId: string, wrapped: Buffer): DataKey {
    return new DataKey(this.unwrap(['data-key', tenantId], wrapped), tenantId);
  }

  /** Keyed SHA-256 of a high-entropy token, for storage and look-up. */
  hashToken(token: string): Buffer {
    return createHmac('sha256', this.#pepper).update(token, 'utf8').digest();
  }

  private wrap(context: readonly string[], key: Buffer): Buffer {
    const [first] = this.#masterKeys;
    if (first === undefined) throw new Error('No master key');
    return seal(first.key, first.id, ['master', ...context], key);
  }

  private unwrap(context: readonly string[], wrapped: Buffer): Buffer {
    const findKey = (id: Buffer) => this.#masterKeys.find((master) => master.id.equals(id))?.key;
    return unseal(findKey, ['master', ...context], wrapped);
  }
}
