import { seal, unseal } from './envelope.js';
import { keyIdFor } from './key-id.js';
import { FORMATS, type KeyProvider } from './key-provider.js';

/** A master key in the memory of this process. */
export class MasterKey implements KeyProvider {
  readonly name: string;
  readonly prefix: Buffer;
  readonly #key: Buffer;
  readonly #id: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
    this.#id = keyIdFor(key);
    this.prefix = Buffer.concat([Buffer.of(FORMATS.masterKey), this.#id]);
    this.name = `master key ${this.#id.toString('hex')}`;
  }

  wrap(key: Buffer, context: readonly string[]): Promise<Buffer> {
    return Promise.resolve(seal(this.#key, this.#id, context, key));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- so that what it throws is a rejection
  async unwrap(wrapped: Buffer, context: readonly string[]): Promise<Buffer> {
    return unseal((id) => (id.equals(this.#id) ? this.#key : undefined), context, wrapped);
  }

  close(): void {
    // Nothing is open.
  }
}
