import type { VaultSettings } from '#config';
import { bindKey, openBoundKey } from './bound-key.js';
import { additionalData, CannotDecrypt, PREFIX_BYTES } from './envelope.js';
import { keyIdForName } from './key-id.js';
import { FORMATS, type KeyProvider } from './key-provider.js';
import { fromBase64, type KeyService, type KeyServiceAnswer } from './key-service.js';
import type { KeyServiceFailure } from './key-service-unavailable.js';

const VERSION_BYTES = 4;
const CIPHERTEXT = /^vault:v([1-9]\d{0,8}):([A-Za-z0-9+/]+=*)$/;

/** A key of the Transit engine of HashiCorp Vault or OpenBao: POST /v1/{mount}/encrypt/{name} and decrypt. */
export class VaultTransit implements KeyProvider {
  readonly name: string;
  readonly prefix: Buffer;
  readonly #mount: string;
  readonly #key: string;

  constructor(
    private readonly service: KeyService,
    private readonly settings: Omit<VaultSettings, 'keys'>,
    key: string,
  ) {
    const slash = key.lastIndexOf('/');
    this.#mount = key.slice(0, slash);
    this.#key = key.slice(slash + 1);
    this.name = `Vault key ${key}`;
    const id = keyIdForName('vault', `${settings.namespace ?? ''}\0${key}`);
    this.prefix = Buffer.concat([Buffer.of(FORMATS.vaultTransit), id]);
  }

  async wrap(key: Buffer, context: readonly string[]): Promise<Buffer> {
    const plaintext = bindKey(key, this.prefix, context).toString('base64');
    const ciphertext = await this.post('encrypt', { plaintext }, context, (answer) => {
      const made = readCiphertext(dataOf(answer)['ciphertext']);
      return made ?? failureOf(answer);
    });
    return Buffer.concat([this.prefix, ciphertext]);
  }

  async unwrap(wrapped: Buffer, context: readonly string[]): Promise<Buffer> {
    const ciphertext = writeCiphertext(wrapped.subarray(PREFIX_BYTES));
    const bound = await this.post('decrypt', { ciphertext }, context, (answer) => {
      const plaintext = fromBase64(dataOf(answer)['plaintext']);
      if (plaintext !== null) return plaintext;
      const failure = failureOf(answer);
      if (failure === 'refused') throw new CannotDecrypt();
      return failure;
    });
    return openBoundKey(bound, this.prefix, context);
  }

  close(): void {
    this.service.close();
  }

  private post(
    operation: 'encrypt' | 'decrypt',
    body: Readonly<Record<string, string>>,
    context: readonly string[],
    read: (answer: KeyServiceAnswer) => Buffer | KeyServiceFailure,
  ): Promise<Buffer> {
    const { address, token, namespace } = this.settings;
    const place = additionalData(this.prefix, context).toString('base64');
    const request = {
      url: `${address}/v1/${this.#mount}/${operation}/${this.#key}`,
      headers: [
        ['content-type', 'application/json'],
        ['x-vault-request', 'true'],
        ['x-vault-token', token],
        ...(namespace === undefined ? [] : [['x-vault-namespace', namespace] as const]),
      ] as const,
      body: Buffer.from(JSON.stringify({ ...body, associated_data: place })),
    };
    return this.service.ask(request, read);
  }
}

function dataOf({ status, body }: KeyServiceAnswer): Readonly<Record<string, unknown>> {
  const { data } = body;
  return status === 200 && typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
}

/** Errors are `{"errors": ["…"]}`; a key that is not there is told by its text alone. */
function failureOf({ status, body }: KeyServiceAnswer): KeyServiceFailure {
  const errors = Array.isArray(body['errors']) ? body['errors'].map(String) : null;
  if (status === 401 || status === 403) return 'not_authorized';
  if (status === 404) return 'key_not_found';
  if (status === 429) return 'throttled';
  // 412: a node that has yet to catch up; 472 and 473: one that only stands by.
  if (status >= 500 || [412, 472, 473].includes(status)) return 'service_down';
  if (status !== 400 || errors === null || errors.length === 0) return 'answer_invalid';
  return errors.some((error) => /(key|policy) not found/.test(error)) ? 'key_not_found' : 'refused';
}

/**
 * `vault:v3:<base64>` as the version of the key and the bytes, since a text has many spellings: Vault's reader of
 * base64 overlooks the last bits and line ends, so that an altered text could still decrypt.
 */
function readCiphertext(text: unknown): Buffer | null {
  const [, version, base64] = (typeof text === 'string' && CIPHERTEXT.exec(text)) || [];
  const bytes = fromBase64(base64);
  if (bytes === null) return null;
  const header = Buffer.alloc(VERSION_BYTES);
  header.writeUInt32BE(Number(version));
  return Buffer.concat([header, bytes]);
}

function writeCiphertext(stored: Buffer): string {
  if (stored.length <= VERSION_BYTES) throw new CannotDecrypt();
  return `vault:v${stored.readUInt32BE(0)}:${stored.subarray(VERSION_BYTES).toString('base64')}`;
}
