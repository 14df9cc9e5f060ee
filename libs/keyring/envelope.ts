import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const VERSION = 1;
/** Length of a key's id in a sealed envelope. */
export const KEY_ID_BYTES = 8;
/** Every sealed or wrapped thing begins with its format and the id of the key it is under. */
export const PREFIX_BYTES = 1 + KEY_ID_BYTES;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = PREFIX_BYTES + NONCE_BYTES;

/** One error for every way a ciphertext can be wrong: altered, moved to another row, or under an unknown key. */
export class CannotDecrypt extends Error {
  constructor() {
    super('A stored secret cannot be decrypted: it was altered or moved, or its key is not known here');
  }
}

/**
 * Encrypts with AES-256-GCM. Layout: version (1 byte), key id (8), nonce (12), ciphertext, tag (16).
 * `context` says where the ciphertext belongs (purpose, tenant, row); it is authenticated, so that a ciphertext
 * copied into another row does not decrypt.
 */
export function seal(key: Buffer, keyId: Buffer, context: readonly string[], plaintext: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const header = Buffer.concat([Buffer.of(VERSION), keyId, nonce]);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(
    additionalData(header.subarray(0, PREFIX_BYTES), context),
  );
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** Reverses {@link seal}. Throws {@link CannotDecrypt}. */
export function unseal(
  findKey: (keyId: Buffer) => Buffer | undefined,
  context: readonly string[],
  sealed: Buffer,
): Buffer {
  if (sealed.length < HEADER_BYTES + TAG_BYTES || sealed[0] !== VERSION) throw new CannotDecrypt();
  const key = findKey(keyIdOf(sealed));
  if (key === undefined) throw new CannotDecrypt();
  const header = sealed.subarray(0, HEADER_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, header.subarray(PREFIX_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher
    .setAAD(additionalData(header.subarray(0, PREFIX_BYTES), context))
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEADER_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw new CannotDecrypt();
  }
}

function keyIdOf(sealed: Buffer): Buffer {
  return sealed.subarray(1, PREFIX_BYTES);
}

/** The prefix and every part of the context, each with its length before it, so that no two contexts read alike. */
export function additionalData(prefix: Buffer, context: readonly string[]): Buffer {
  const parts = context.flatMap((part) => {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([prefix, ...parts]);
}
