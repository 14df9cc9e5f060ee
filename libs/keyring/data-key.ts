import { seal, unseal } from './envelope.js';
import { keyIdFor } from './key-id.js';

/** A tenant's key, unwrapped: encrypts that tenant's secrets and nothing else. */
export class DataKey {
  readonly #key: Buffer;
  readonly #id: Buffer;

  constructor(
    key: Buffer,
    private readonly tenantId: string,
  ) {
    this.#key = key;
    this.#id = keyIdFor(key);
  }

  /** Encrypts the value that belongs to `place` (`table.column`) of the row `rowId`. */
  encrypt(place: string, rowId: string, plaintext: string | Buffer): Buffer {
    return seal(this.#key, this.#id, [place, this.tenantId, rowId], Buffer.from(plaintext));
  }

  /** Decrypts what {@link encrypt} made for the same place and row. Throws {@link CannotDecrypt}. */
  decrypt(place: string, rowId: string, ciphertext: Buffer): Buffer {
    const findKey = (id: Buffer) => (id.equals(this.#id) ? this.#key : undefined);
    return unseal(findKey, [place, this.tenantId, rowId], ciphertext);
  }
}
